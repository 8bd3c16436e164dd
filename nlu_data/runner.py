"""Runs the parts of a trained model one after the other, as Rasa's own runner does, without planning anew for every text.

Rasa hands each text to Dask, a scheduler for many machines. For our few parts the planning costs as much as the parse itself.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage


class StraightRunner(GraphRunner):
    """Gives what Rasa's runner gives; the order of the parts is found once for each set of targets."""

    def __init__(self, loaded: DaskGraphRunner) -> None:
        """Take over the parts of a loaded model.

        Args:
            loaded: Rasa's runner, as its agent made it.
        """
        self._schema = loaded._graph_schema
        self._nodes = loaded._instantiated_nodes
        self._orders: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> StraightRunner:
        """A runner with all parts loaded."""
        return cls(DaskGraphRunner.create(graph_schema, model_storage, execution_context, hooks))

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Run what the targets need.

        Args:
            inputs: values that no part makes, by the name the parts ask for.
            targets: parts whose output is wanted; without, those the model names.
        """
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        # A node takes and gives pairs of name and value.
        made: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in self._orders[wanted]:
            made[name] = self._nodes[name](*(made.get(need, need) for need in needs))
        return dict(made[name] for name in wanted)

    def _order(self, wanted: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        """Every needed part and its needs, each behind what it needs."""
        schema = self._schema.minimal_graph_schema(list(wanted))
        order: dict[str, tuple[str, ...]] = {}

        def add(name: str) -> None:
            if name in order or name not in schema.nodes:
                return
            needs = tuple(schema.nodes[name].needs.values())
            for need in needs:
                add(need)
            order[name] = needs

        for name in wanted:
            add(name)
        return list(order.items())
