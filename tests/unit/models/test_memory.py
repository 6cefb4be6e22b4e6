"""A model is loaded once, and given back when nobody uses it."""

import gc
import weakref
from threading import Event

from workers.models.memory import LoadedModel


class Weights:
    """Something large."""


def test_a_model_is_loaded_once_and_stays_while_it_is_used():
    loads = []

    def load() -> Weights:
        loads.append(1)
        return Weights()

    loaded = LoadedModel(load, idle_s=0)
    with loaded.use() as first, loaded.use() as second:
        assert first is second
    assert len(loads) == 1


def test_a_model_that_nobody_uses_is_given_back_and_loaded_again(monkeypatch):
    gone, given = Event(), Event()
    monkeypatch.setattr("workers.models.memory.give_back_memory", given.set)

    def load() -> Weights:
        weights = Weights()
        weakref.finalize(weights, gone.set)
        return weights

    loaded = LoadedModel(load, idle_s=0.01)
    with loaded.use() as model:
        held = weakref.ref(model)
        assert not gone.wait(0.1)
    del model
    gc.collect()
    assert gone.wait(5)
    assert held() is None
    assert given.wait(5)  # to the system, which glibc does not do by itself
    with loaded.use() as again:
        assert isinstance(again, Weights)
