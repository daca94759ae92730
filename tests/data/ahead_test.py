"""Reading ahead: order, errors, bounds, and an early end."""

import contextlib
import functools
import threading
import warnings

import pytest
from PIL import Image

from tf_dsae.data.folder.frame_decoders import MAX_PIXELS, bound_pillow
from tf_dsae.data.read_ahead import read_ahead


def letters(word, started=None, fails=False):
    if started is not None:
        started.append(word)
    yield from word
    if fails:
        raise ValueError(word)


def tasks(words, **options):
    return (functools.partial(letters, word, **options) for word in words)


@pytest.mark.parametrize("threads", [1, 3, 9])
def test_items_come_in_order_whatever_the_threads(threads):
    words = ["amber", "", "b", "cedar", "dill"]
    assert ["".join(items) for items in read_ahead(tasks(words), threads, buffer_size=2)] == words


def test_what_a_task_raises_comes_out_in_its_place():
    given = [*tasks(["ab"]), *tasks(["cd"], fails=True), *tasks(["ef"])]
    seen = []
    for items in read_ahead(given, threads=2, buffer_size=1):
        try:
            for item in items:
                seen.append(item)
        except ValueError as error:
            seen.append(str(error))
    assert seen == ["a", "b", "c", "d", "cd", "e", "f"]


def test_no_more_is_begun_and_held_than_allowed():
    started, given = [], []

    def counted(word):
        for letter in word:
            given.append(letter)
            yield letter

    long = [functools.partial(counted, "x" * 100)] + [*tasks("abcdefgh", started=started)]
    with contextlib.closing(read_ahead(long, threads=2, buffer_size=3)) as files:
        next(next(files))
        threading.Event().wait(0.5)
        # One taken, three that wait, one in the hand of its thread; tasks for two threads.
        assert len(given) <= 5
        assert len(started) <= 3


def test_closed_early_its_threads_end():
    before = threading.active_count()
    with contextlib.closing(read_ahead(tasks(["x" * 50] * 9), threads=4, buffer_size=1)) as files:
        next(next(files))
    assert threading.active_count() == before


def test_an_interruption_in_a_thread_ends_the_reading():
    def interrupted():
        yield "a"
        raise KeyboardInterrupt

    with contextlib.closing(read_ahead([interrupted], threads=2, buffer_size=1)) as files:
        items = next(files)
        assert next(items) == "a"
        with pytest.raises(KeyboardInterrupt):
            next(items)


def test_bounds_of_pillow_hold_in_all_threads_and_go_with_the_last():
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    inside, go = threading.Barrier(3), threading.Event()
    seen = []

    def reading(stays):
        with bound_pillow():
            inside.wait(10)
            if stays:
                go.wait(10)
                seen.append(Image.MAX_IMAGE_PIXELS)

    threads = [threading.Thread(target=reading, args=(stays,)) for stays in (False, True)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    threads[0].join(10)
    go.set()
    threads[1].join(10)
    assert seen == [MAX_PIXELS]
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before
