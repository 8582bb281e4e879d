from mrca.graph import found_facts


def test_a_name_is_the_longest_mention_of_equals_the_first():
    mentions = [{"text": "Hunt"}, {"text": "Bryan  Hunt"}, {"text": "Brian  Hunt"}]
    hunt = {"text": "Hunt", "token_start": 3, "token_end": 4, "mentions": mentions}
    fact = {"subject": hunt, "relation": "r", "object": hunt, "score": 1}
    [found] = found_facts([fact], 4, "d", "file")
    assert found.subject == ("Bryan Hunt", "", "", 3, 4)
    assert (found.document, found.unit) == ("d", "token")
    assert isinstance(found.score, float)
