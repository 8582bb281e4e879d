"""The colours of every picture and table."""

# Okabe and Ito's: told apart with any kind of colour vision.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6B6B6B"
GROUP_COLOURS = {"head": BLUE, "medium": GREEN, "tail": ORANGE}
SPLIT_COLOURS = ["#56B4E9", "#CC79A7", "#B8860B", GREY]
