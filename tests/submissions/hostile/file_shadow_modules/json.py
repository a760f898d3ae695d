def dumps(*a, **k):
    return '{}'


loads = dumps
