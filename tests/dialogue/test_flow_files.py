"""What an editor may break in a flow file is found before anybody calls, and told in a sentence that names the place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hotline.dialogue.flow_files import BrokenFlow, find_problems, find_topic_problems, load_flows, text_keys
from tests.dialogue.worlds import FLOWS, REAL

GO = "`go` is needed at a check and at a list of Laender, topics or countries, and nowhere else."
NEVER_REACHED = "waits or ends, so `next` is never reached; remove it."


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A copy of the real flows."""
    return Path(shutil.copytree(FLOWS, tmp_path / "ivr_flows"))


def _add(flows: Path, steps: str) -> list[str]:
    """Problems after one more flow was added, reached by the menu."""
    indented = "".join(f"  {line}\n" for line in steps.splitlines())
    (flows / "extra.yml").write_text(f"flow: extra\nsteps:\n{indented}", encoding="utf-8")
    return find_problems(load_flows(flows))


def _change(flows: Path, name: str, old: str, new: str) -> list[str]:
    path = flows / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return find_problems(load_flows(flows))


def _reach(flows: Path, step: str = "extra.here") -> None:
    _change(flows, "hotline.yml", "  thank: talk.thanks", f"  thank: {step}")


def test_real_flows_have_no_problem() -> None:
    assert find_problems(REAL) == []


def test_every_question_of_the_real_flows_has_a_way_to_a_person() -> None:
    assert REAL.keys["0"].startswith("person.")


def test_texts_of_steps_and_of_their_keys_are_all_collected() -> None:
    assert {"welcome.greeting", "menu.ask", "option.more", "option.person"} <= text_keys(REAL)


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("here: {say: x}", "extra.here: dead end, needs `next`."),
        ("here: {answer: short}", "extra.here: dead end, needs `next`."),
        ("here: {handoff: asked}", "extra.here: dead end, needs `next`."),
        ("here: {ask: x}", "extra.here: dead end, a question needs options or `listens: true`."),
        ("here: {say: x, next: extra.gone}", "extra.here: leads to 'extra.gone', which is no step."),
        (
            'here: {ask: x, options: [{key: "1", label: y, go: extra.gone}]}',
            "extra.here: leads to 'extra.gone', which is no step.",
        ),
        (
            'here: {ask: x, options: [{key: "1", label: y, go: back}, {key: 1, label: z, go: back}]}',
            "extra.here: the key '1' is given twice.",
        ),
        (
            "here: {ask: x, listens: true, next: menu.main}",
            "extra.here: `ask` waits or ends, so `next` is never reached; remove it.",
        ),
        ("here: {end: true, next: menu.main}", "extra.here: `end` waits or ends, so `next` is never reached; remove it."),
        ("here: {ask: [x, y], listens: true}", "extra.here: a question needs exactly one text key."),
        ("here: {say: x, next: extra.here}", "extra.here: runs in a circle without asking anything."),
        ("here: {say: x, next: menu.main}\nalone: {say: x, next: menu.main}", "extra.alone: no way leads here."),
        ("here: {check: is_call, go: menu.main}", "extra.here: dead end, needs `next`."),
        ("here: {centres: first}", "extra.here: dead end, needs `next`."),
        ("here: {check: is_call, go: extra.gone, next: menu.main}", "extra.here: leads to 'extra.gone', which is no step."),
        ("here: {check: is_call, next: menu.main}", f"extra.here: {GO}"),
        ("here: {ask: x, options_from: lands}", f"extra.here: {GO}"),
        ("here: {say: x, go: menu.main, next: menu.main}", f"extra.here: {GO}"),
        (
            "here: {ask: x, listens: true, digits: 5}",
            "extra.here: more digits than one key are collected only with `collects`.",
        ),
        ("here: {check: is_call, go: extra.here, next: menu.main}", "extra.here: runs in a circle without asking anything."),
    ],
)
def test_broken_step_is_the_one_problem_found(flows: Path, steps: str, problem: str) -> None:
    # The step the wish led to before has no other way to it.
    talk = (flows / "talk.yml").read_text(encoding="utf-8")
    (flows / "talk.yml").write_text(talk.split("  thanks:")[0], encoding="utf-8")
    (flows / "extra.yml").write_text("flow: extra\nsteps:\n  here: {end: true}\n", encoding="utf-8")
    _reach(flows)
    assert _add(flows, steps) == [problem]


def test_circle_through_several_steps_is_found_at_each_of_them_and_ends(flows: Path) -> None:
    problems = _add(flows, "here: {say: x, next: extra.b}\nb: {say: x, next: extra.c}\nc: {say: x, next: extra.here}")
    circles = [problem for problem in problems if "circle" in problem]
    assert sorted(circles) == [f"extra.{name}: runs in a circle without asking anything." for name in ("b", "c", "here")]


def test_way_into_a_circle_is_no_circle(flows: Path) -> None:
    problems = _add(flows, "in: {say: x, next: extra.a}\na: {say: x, next: extra.b}\nb: {say: x, next: extra.a}")
    assert not [problem for problem in problems if problem.startswith("extra.in: runs")]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  danger: person.danger\n", "", "hotline.yml: the route 'danger' is missing."),
        (
            "  danger: person.danger\n",
            "  danger: person.gone\n",
            "hotline.yml: 'danger' leads to 'person.gone', which is no step.",
        ),
        ('"0": person.asked', '"0": person.gone', "hotline.yml: '0' leads to 'person.gone', which is no step."),
        ("  person: person.asked\n", "", "hotline.yml: the wish 'person' is missing."),
        ('"no": goodbye.say', "no: goodbye.say", "hotline.yml: 'False' is no wish; put it in quotes?"),
        ("  text: welcome.greeting\n", "", "hotline.yml: start needs 'text'."),
        ("routes:\n", "routes:\n  denger: person.danger\n", "hotline.yml: 'denger' is no route."),
        ("  place: centres.named", "  plaze: centres.named", "hotline.yml: the route 'place' is missing."),
        (
            "counselling_where: centres.find",
            "counselling_where: a.b",
            "hotline.yml: 'counselling_where' leads to 'a.b', which is no step.",
        ),
        ("ukraine: before", "ukraine: above", "hotline.yml: country_topics: 'ukraine' must be before or after."),
    ],
)
def test_broken_frame_is_found(flows: Path, old: str, new: str, problem: str) -> None:
    assert problem in _change(flows, "hotline.yml", old, new)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flow: extra\nsteps:\n  here: {say: x\n", ("extra.yml, line", "not valid YAML")),
        ("flow: extra\nsteps:\n  here:\n\tsay: x\n", ("extra.yml, line 4", "not valid YAML")),
        ("", ("extra.yml: must be a mapping",)),
        ("- a\n", ("extra.yml: must be a mapping",)),
        ("steps: {}\n", ("extra.yml: must have `flow: <name>`",)),
        ("flow: extra\nsteps: [a]\n", ("extra.yml: must have `flow: <name>`",)),
        ("flow: extra\nsteps: {here: 3}\n", ("extra.yml: step extra.here must be a mapping",)),
        ("flow: extra\nsteps: {here: {say: x, nxt: y}}\n", ("step extra.here has the unknown key 'nxt'",)),
        ("flow: extra\nsteps: {here: {say: x, ask: y}}\n", ("step extra.here must have exactly one of",)),
        ("flow: extra\nsteps: {here: {next: y}}\n", ("step extra.here must have exactly one of",)),
        ("flow: extra\nsteps: {here: {ask: x, options_from: moon}}\n", ("extra.here: options_from must be one of",)),
        ("flow: extra\nsteps: {here: {check: rain, go: y, next: z}}\n", ("extra.here: check must be one of place_known",)),
        ("flow: extra\nsteps: {here: {centres: all, next: z}}\n", ("extra.here: centres must be one of first",)),
        (
            "flow: extra\nsteps: {here: {ask: x, collects: name}}\n",
            ("extra.here: collects must be one of place, code, number, alias",),
        ),
        (
            "flow: extra\nsteps: {here: {ask: x, collects: place, digits: 4}}\n",
            ("extra.here: digits must be one of 1, 2, 5, 6, 8, 16",),
        ),
        (
            "flow: extra\nsteps: {here: {ask: x, options: [{key: 1, label: y, go: z, when: rain}]}}\n",
            ("extra.here: when must be one of place_known",),
        ),
        (
            "flow: extra\nsteps: {here: {ask: x, options: [{key: 1, label: y, go: z, wish: yes}]}}\n",
            ("extra.here: 'True' is no wish; put it in quotes?",),
        ),
        ("flow: extra\nsteps: {here: {answer: long}}\n", ("extra.here: answer must be short or full",)),
        ("flow: extra\nsteps: {here: {ask: x, options: [{key: 1}]}}\n", ("extra.here: each option needs key, label and go",)),
        ("flow: extra\nsteps: {here: {ask: x, options: 3}}\n", ("extra.here: each option needs key, label and go",)),
    ],
)
def test_unreadable_flow_file_is_one_sentence_that_names_file_and_place(flows: Path, text: str, words: tuple[str, ...]) -> None:
    (flows / "extra.yml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenFlow) as broken:
        load_flows(flows)
    assert "\n" not in str(broken.value)
    for word in words:
        assert word in str(broken.value)


@pytest.mark.parametrize("text", ["{}", "start: 3\nkeys: {}\nwishes: {}\nroutes: {}\nlimits: {}", "start: {}\nkeys: {}"])
def test_unreadable_frame_names_what_it_needs(flows: Path, text: str) -> None:
    (flows / "hotline.yml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenFlow, match=r"hotline\.yml: needs start, keys, wishes, routes and limits"):
        load_flows(flows)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenFlow, match=r"hotline\.yml is missing"):
        load_flows(tmp_path)


def test_topic_of_the_frame_that_nobody_knows_is_found(flows: Path) -> None:
    _change(flows, "hotline.yml", "counselling_where: centres.find", "counseling_where: centres.find")
    known = {*REAL.topics, *REAL.country_topics}
    found = find_topic_problems(load_flows(flows), known)
    assert found == ["hotline.yml: topics: 'counseling_where' is no topic of topics.csv."]
    assert find_topic_problems(REAL, known) == []
