import threading

from mmm.services.cache import Recent


def test_a_kept_thing_is_made_once():
    kept, made = Recent(2), []
    for _ in range(3):
        kept.get("a", lambda: made.append("a"))
    assert made == ["a"]


def test_the_one_not_asked_for_longest_goes_first():
    kept, made = Recent(2), []

    def ask(key):
        return kept.get(key, lambda: made.append(key) or key)

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert made == ["a", "b", "c", "b"]


def test_everybody_gets_the_same_thing_when_two_make_it_at_once():
    kept, both_made = Recent(2), threading.Barrier(2)
    got = []

    def make():
        both_made.wait(timeout=5)
        return object()

    threads = [threading.Thread(target=lambda: got.append(kept.get("a", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[0] is got[1]
