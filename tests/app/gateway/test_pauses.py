import gc

from app.gateway.pauses import spare_start


def test_what_start_up_made_is_not_looked_through_again():
    kept = [{} for _ in range(100)]
    before = gc.get_freeze_count()
    try:
        assert spare_start() >= before + len(kept)
        left = {id(one) for one in gc.get_objects()}
        assert not any(id(one) in left for one in kept)
    finally:
        gc.unfreeze()


def test_what_comes_later_is_still_taken_away():
    class Ring:
        pass

    try:
        spare_start()
        one = Ring()
        one.itself = one
        del one
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
