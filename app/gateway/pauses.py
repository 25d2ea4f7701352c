"""How long requests stand still while Python looks for rubbish."""

import gc


def spare_start() -> int:
    """Take what the process has made so far out of the rounds of the garbage collector; return how many objects.

    Modules, routes, callbacks and schemas stay for good: half a million objects. Looked through again each time
    enough new ones have come, they stopped whatever request was at hand for a quarter of a second; what is made
    later is looked through in a millisecond. To be called once, by a process that is ready to serve.
    """
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()
