"""What lies beside the graph in the folder of an exported version."""

RELATIONS = "assets.extra/relations.json"
DECISION = "assets.extra/decision.json"
CARD = "assets.extra/card.md"
# What it was made from.
DESCRIPTION = "assets.extra/export.json"
SAMPLE_REQUEST = "assets.extra/sample_request.json"
# TensorFlow Serving looks for it here: anywhere else it passes it over.
WARM_UP = "assets.extra/tf_serving_warmup_requests"
