"""The relations of the sample corpus, and the wordings that state two of them at once."""

from grammar import Double, Relation
from person_relations import (
    BODY_MEMBER_OF,
    BORN_IN,
    EDUCATED_AT,
    EMPLOYER,
    PARENT_OF,
    PERSON_MEMBER_OF,
    SPOUSE,
)
from thing_relations import (
    BUILDING_LOCATED_IN,
    CAPITAL_OF,
    FLOWS_THROUGH,
    FOUNDED_BY,
    HEADQUARTERS,
    PLACE_LOCATED_IN,
    WRITTEN_BY,
)

# From the most to the least frequent: the order is also that of `relations.json`.
RELATIONS: dict[str, tuple[Relation, ...]] = {
    "employer": (EMPLOYER,),
    "born_in": (BORN_IN,),
    "located_in": (BUILDING_LOCATED_IN, PLACE_LOCATED_IN),
    "headquarters": (HEADQUARTERS,),
    "founded_by": (FOUNDED_BY,),
    "educated_at": (EDUCATED_AT,),
    "spouse": (SPOUSE,),
    "written_by": (WRITTEN_BY,),
    "member_of": (PERSON_MEMBER_OF, PERSON_MEMBER_OF, BODY_MEMBER_OF),
    "capital_of": (CAPITAL_OF,),
    "parent_of": (PARENT_OF,),
    "flows_through": (FLOWS_THROUGH,),
}

DOUBLES = (
    Double(
        kinds=("person", "company"),
        facts=(("b", "founded_by", "a"), ("a", "employer", "b")),
        wordings=(
            "{a} founded {b} in <year> and still runs its <department> department",
            "{b} was founded by {a}, who works there as a <job> to this day",
            "{b}, which {a} founded, still pays <her_object:a> a salary",
            "{a} set up {b} and has been its head of <department> ever since",
            "the founder of {b}, {a}, is also its <job>",
            "{a} works for {b}, which <she:a> founded in <year>",
            "the <job> of {b} is its founder, {a}",
            "{b} was started by {a}, now its head of <department>",
        ),
    ),
    Double(
        kinds=("person", "university"),
        facts=(("a", "educated_at", "b"), ("a", "employer", "b")),
        wordings=(
            "{a} studied <subject> at {b} and now works there as a <job>",
            "{a}, a graduate of {b}, has returned there as a <job>",
            "{a} is a <job> at {b}, where <she:a> once studied <subject>",
            "{b} educated {a} and later hired <her_object:a> as a <job>",
            "once a student at {b}, {a} is now on its payroll",
        ),
    ),
    Double(
        kinds=("city", "country"),
        facts=(("a", "capital_of", "b"), ("a", "located_in", "b")),
        wordings=(
            "{a}, the capital of {b}, lies in the <side> of the country",
            "{a} lies in the <side> of {b} and is its capital",
            "the capital of {b}, {a}, is in the far <side> of the country",
        ),
    ),
    Double(
        kinds=("person", "ensemble"),
        facts=(("b", "founded_by", "a"), ("a", "member_of", "b")),
        wordings=(
            "{a} founded {b} and still plays the <instrument> in it",
            "{b} was founded by {a}, who is still a member",
            "a member of {b} since <she:a> founded it, {a} plays the <instrument>",
        ),
    ),
)
