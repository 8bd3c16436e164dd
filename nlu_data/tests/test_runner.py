"""Our runner gives what Rasa's gives, for every target, and asks each part once and in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.engine.graph import GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner

from runner import StraightRunner


@dataclass
class _Node:
    name: str
    calls: list[str] = field(default_factory=list)

    def __call__(self, *given: Any) -> tuple[str, str]:
        self.calls.append(self.name)
        return self.name, f"{self.name}({','.join(value if isinstance(value, str) else value[1] for value in given)})"


def _schema(needs: dict[str, tuple[str, ...]]) -> GraphSchema:
    def node(name: str) -> SchemaNode:
        return SchemaNode(
            needs={f"in{index}": need for index, need in enumerate(needs[name])},
            uses=object,  # type: ignore[arg-type]
            constructor_name="create",
            fn="process",
            config={},
            is_target=name == "end",
        )

    return GraphSchema({name: node(name) for name in needs})


@pytest.fixture
def loaded() -> Any:
    """Rasa's runner around parts that only tell how they were called: a diamond, and one part beside it."""
    schema = _schema(
        {"end": ("left", "right"), "right": ("start",), "left": ("start", "text"), "start": ("text",), "aside": ("text",)}
    )
    calls: list[str] = []
    nodes = {name: _Node(name, calls) for name in schema.nodes}
    made = DaskGraphRunner.__new__(DaskGraphRunner)
    vars(made).update(_graph_schema=schema, _instantiated_nodes=nodes, _execution_context=SimpleNamespace())
    return made


@pytest.mark.parametrize("targets", [None, ["end"], ["left"], ["aside"], ["aside", "end"]])
def test_result_is_that_of_rasas_runner(loaded: Any, targets: list[str] | None) -> None:
    inputs = {"text": "hello"}
    straight = StraightRunner(loaded)
    wanted = loaded.run(inputs, targets)
    assert straight.run(inputs, targets) == wanted
    assert straight.run(inputs, targets) == wanted, "the second time, in the order found the first time"


def test_every_part_runs_once_and_only_where_it_is_needed(loaded: Any) -> None:
    StraightRunner(loaded).run({"text": "hello"}, ["end"])
    calls = loaded._instantiated_nodes["end"].calls
    assert sorted(calls) == ["end", "left", "right", "start"]
    assert (calls[0], calls[-1]) == ("start", "end")
