def fails(value):
    raise ValueError("\u20ac" * 5000)
