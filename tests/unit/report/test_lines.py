"""What a report says of each line, and of all of them together."""

import json

import pytest

from tests.unit.report.scene import MEASURED, STAGES, lines, report
from workers.report import document
from workers.report.error_rate import WordErrors


def sums(found, heard=None):
    return document.sum_up(found, MEASURED, 0, heard, STAGES)


def test_without_a_line_there_is_nothing_to_complain_of():
    told = sums(lines([], 10.0))
    assert (told.lines, told.overlap, told.max_rate) == (0, None, None)
    assert (told.off_share, told.above12_share, told.collisions, told.cuts) == (0, 0, 0, 0)


def test_one_line_is_told_as_it_is_heard():
    (line,) = lines([(1.0, 2.0, 1.1, 1.9)], 10.0)
    assert (line.dub.start, line.dub.end) == (1.1, 1.9)
    assert (line.rate, line.shift, line.natural) == (1.25, 0.1, 1.0)
    told = sums([line])
    assert told.overlap == pytest.approx(0.8)
    assert (told.above12_share, told.max_rate, told.off_share) == (1.0, 1.25, 0.0)


def test_a_line_left_out_is_counted_and_overlaps_with_nothing():
    found = lines([(1.0, 2.0, 1.0, 2.0), (3.0, 4.0, 3.0, 4.0)], 10.0, left_out=[1])
    assert (found[1].dub, found[1].rate, found[1].shift) == (None, None, None)
    assert not found[1].fits
    told = sums(found)
    assert (told.lines, told.left_out, told.overlap) == (2, 1, 0.5)


def test_a_line_moved_onto_another_shows_as_a_collision():
    apart = [(1.0, 2.0, 1.0, 2.0), (3.0, 4.0, 3.0, 4.0)]
    assert sums(lines(apart, 10.0)).collisions == 0
    found = lines([apart[0], (3.0, 4.0, 1.9, 2.9)], 10.0)
    assert [line.collides for line in found] == [False, True]
    assert sums(found).collisions == 1


def test_a_line_that_runs_over_the_end_shows_as_cut():
    found = lines([(9.0, 10.0, 9.4, 10.4)], 10.0)
    assert found[0].cut == pytest.approx(0.4)
    assert (found[0].fits, sums(found).cuts) == (False, 1)


def test_a_slot_is_the_source_line_and_what_is_free_around_it():
    found = lines([(3.0, 4.0, 3.0, 4.0), (5.0, 6.0, 5.0, 6.0), (5.5, 5.8, 5.5, 5.8)], 20.0)
    assert [(line.slot.start, line.slot.end) for line in found] == [
        (1.0, 5.0),  # two seconds are the limit before it, the next line after it
        (4.0, 6.0),  # its own end, though another has begun by then
        (5.5, 7.8),
    ]


@pytest.mark.parametrize(("unit", "rates"), [("word", (0.1, None)), ("character", (None, 0.1))])
def test_errors_heard_are_told_by_their_unit(unit, rates):
    told = sums([], WordErrors(unit=unit, errors=0.1, provider="stub", model="stub-1"))
    assert (told.wer, told.cer) == rates


def test_the_document_names_its_shape_and_speaks_camel_case():
    told = json.loads(report(lines([(1.0, 2.0, 1.0, 2.0)], 10.0), 10.0).to_bytes())
    assert told["schema"] == "dubline/report/1"
    assert told["sums"]["above12Share"] == 0
    assert told["sums"]["costUsd"] == 0.25
    assert told["captionViolations"] == {"reading_speed": 3}
    assert told["lines"][0]["spokenAt"] == 1.0
