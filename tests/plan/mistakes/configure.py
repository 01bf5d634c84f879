# made by hand
