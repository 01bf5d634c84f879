"""Charts as Vega-Lite specs: plain values made of a board, the same for page and file.

They are drawn elsewhere, by a process of its own. Colours are the style sheet's variables, so that
one drawing serves light and dark.
"""
