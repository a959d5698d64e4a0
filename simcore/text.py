"""Recipes as text: the canonical YAML, and Python source. `reader` reads the YAML back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs
import numpy as np
import yaml

from simcore.custom import UserDraw, UserMade
from simcore.draws import Choice, Draw
from simcore.features import Applied, Arithmetic, Feature, Flow
from simcore.graph import Graph
from simcore.properties import OPERATIONS, Constant, Element, Expression, Node, Property, Spectrum, Split, Time, Wrapped
from simcore.scenes import Placed, Repeat, Scatterer, Scene

FORMAT = "simcore-recipe/1"


def write(graph: Graph) -> str:
    """Return the recipe as YAML."""
    writer = Writer(graph, python=False)
    outputs = {name: writer.target(target) for name, target in graph.targets.items()}
    document: dict[str, Any] = {"format": FORMAT}
    if writer.sources:
        document["code"] = writer.sources
    document |= {"define": writer.lines, "outputs": outputs}
    return dumped(document)


def dumped(document: dict[str, Any]) -> str:
    """Return a document as YAML that reads back the same."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20))


def write_python(graph: Graph) -> str:
    """Return Python source that builds the recipe as ``recipe``."""
    writer = Writer(graph, python=True)
    outputs = [f"    {name}={writer.target(target)}," for name, target in graph.targets.items()]
    header = ["import numpy as np", "", "import simcore as sc", ""]
    code = [f"\n{source}\n" for source in writer.sources.values()]
    lines = [f"{label} = {text}" for label, text in writer.lines.items()]
    return "\n".join([*header, *code, *lines, "", "recipe = sc.Recipe(", *outputs, ")", ""])


class _Dumper(yaml.SafeDumper):
    """SafeDumper that writes code as indented blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # YAML's other line breaks are kept in double quotes alone.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block)


class Writer:
    """Writes the parts of one recipe; ``lines`` are the definitions in order, ``sources`` the users' own code."""

    def __init__(self, graph: Graph, python: bool) -> None:
        self.graph, self.python = graph, python
        self.walk = graph.walk()
        self.lines: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.known: dict[object, str] = {}  # how to refer to what is already written
        self.uses = Counter(_uses(graph))
        self.repeated: set[int] = set()  # properties to which a feature being written refers more than once
        self.sc = "sc." if python else ""

    def target(self, target: Node) -> str:
        if isinstance(target, Feature):
            return self.feature(target)
        if isinstance(target, Flow):
            return self.flow(target)
        assert isinstance(target, Property)
        return self.value(target)

    def define(self, label: str, text: str) -> str:
        """Add a definition; return how to refer to it."""
        if self.python:
            label = label.replace(".", "_")
        self.lines[label] = text
        return label

    # -- flows ---------------------------------------------------------------------------------------------------

    def flow(self, flow: Flow) -> str:
        if flow.key in self.known:
            return self.known[flow.key]
        text = self.flow_text(flow)
        if self.uses[flow.key] > 1 and isinstance(flow, (Applied, Arithmetic)):
            text = self.known[flow.key] = self.define(self.free(flow.kind), text)
        return text

    def free(self, wish: str) -> str:
        taken = {*self.lines, *self.graph.names.values()}
        return next(name for name in (f"{wish}_{i}" for i in range(1, 1 << 30)) if name not in taken)

    def flow_text(self, flow: Flow) -> str:
        if isinstance(flow, Applied):
            return f"{self.flow(flow.inputs[0])} >> {self.feature(flow.feature)}"
        if isinstance(flow, Scene):
            return self.members(flow.members)
        if isinstance(flow, Arithmetic):
            left, right = (self.target(operand) for operand in flow.operands)
            return f"(({left}) {flow.SYMBOLS[flow.operation]} ({right}))"
        return self.call(flow, self.target)

    def call(self, node: Any, write: Any) -> str:
        """Write what says itself how it is called: ``node.written(write)`` gives text, or a function and its arguments."""
        written = node.written(write)
        return written if isinstance(written, str) else f"{self.sc}{written[0]}({', '.join(written[1])})"

    def members(self, members: tuple[Scatterer | Repeat, ...]) -> str:
        text = " + ".join(self.repeat(m) if isinstance(m, Repeat) else self.feature(m) for m in members)
        return f"({text})" if len(members) > 1 else text

    def repeat(self, repeat: Repeat) -> str:
        if id(repeat) in self.known:
            return self.known[id(repeat)]
        scene = self.members(repeat.scatterers)
        name = self.graph.names[id(repeat)]
        label = self.define(name, f"{scene}.repeat({', '.join(self.arguments(repeat, name))})")
        self.known[id(repeat)] = label
        self.known[id(repeat.placed)] = f"{label}.count"
        self.refer(repeat, label)
        return label

    def feature(self, feature: Feature) -> str:
        if id(feature) in self.known:
            return self.known[id(feature)]
        name = self.graph.names[id(feature)]
        arguments = self.arguments(feature, name)
        if isinstance(feature, UserMade):
            self.sources[feature.title()] = feature.source
        prefix = "" if isinstance(feature, UserMade) else self.sc
        label = self.define(name, f"{prefix}{feature.title()}({', '.join(arguments)})")
        self.known[id(feature)] = label
        self.refer(feature, label)
        return label

    def arguments(self, feature: Feature, name: str) -> list[str]:
        """Write the arguments of a feature that differ from their defaults."""
        found = []
        self.repeated |= _repeated(feature)
        for field in attrs.fields(type(feature)):
            value = getattr(feature, field.name)
            if "parts" in field.metadata and value:
                found.append(f"{field.name}=[{', '.join(self.feature(part) for part in value)}]")
            if {"declaration", "option"} & set(field.metadata) and not self.is_default(field, value):
                found.append(f"{field.alias}={self.argument(value, f'{name}.{field.name}')}")
        if self.python and feature.name is not None:
            found.append(f'name="{name}"')
        return found

    def refer(self, feature: Feature, label: str) -> None:
        """Let others refer to the drawn parameters of a feature by its label."""
        for field, node in feature.properties():
            if not isinstance(node, Constant) and field not in feature.drawn:
                self.known.setdefault(id(node), f"{label}.{field}")

    def is_default(self, field: Any, value: Any) -> bool:
        if field.default is attrs.NOTHING:
            return False
        if isinstance(value, Constant):
            given = np.asarray(field.default)
            return field.default is not None and bool(np.array_equal(given, value.value) and given.shape == value.shape)
        return not isinstance(value, Property) and bool(value == field.default)

    def argument(self, value: Any, path: str) -> str:
        """Write a parameter in place: others, but those of the same feature, refer to it as <feature>.<parameter>."""
        if isinstance(value, Property) and id(value) in self.repeated:
            return self.value(value)
        if isinstance(value, Draw):
            inline = id(value) not in self.known and self.graph.names[id(value)] == path
            return self.draw(value) if inline else self.value(value)
        if isinstance(value, Property):
            return self.known.get(id(value)) or self.made(value)
        return f'"{value}"' if isinstance(value, str) else repr(value)

    # -- properties ----------------------------------------------------------------------------------------------

    def value(self, node: Property) -> str:
        if id(node) in self.known:
            return self.known[id(node)]
        if isinstance(node, Draw):
            return self.named_draw(node)
        text = self.made(node)
        if self.uses[id(node)] > 1 and node.inputs:  # written twice, what it draws would be drawn twice
            text = self.known[id(node)] = self.define(self.free("value"), text)
        return text

    def named_draw(self, node: Draw) -> str:
        name = self.graph.names[id(node)]
        if self.uses[id(node)] == 1 and name == self.walk.paths[id(node)]:
            return self.draw(node)
        label = self.known[id(node)] = self.define(name, self.draw(node))
        return label

    def made(self, node: Property) -> str:
        """Write what is no draw itself."""
        if isinstance(node, Constant):
            return _number(node.value)
        if isinstance(node, Split):
            return f"{self.sc}split"
        if isinstance(node, Element):
            return f"{self.value(node.inputs[0])}[{node.index}]"
        if isinstance(node, Time):
            return f"{self.sc}time"
        if isinstance(node, Placed):
            self.repeat(node.repeat)
            return self.known[id(node)]
        if isinstance(node, Wrapped):
            return f"{self.sc}{node.word}({self.value(node.inputs[0])})"
        if isinstance(node, Spectrum):
            start, stop = (self.value(child) for child in node.inputs)
            return f"{self.sc}spectrum({start}, {stop}, count={node.count})"
        if isinstance(node, Expression):
            return self.expression(node)
        return self.call(node, self.target)

    def expression(self, node: Expression) -> str:
        parts = [self.value(child) for child in node.inputs]
        symbol = OPERATIONS[node.operation].symbol
        if symbol:
            return f"({parts[0]} {symbol} {parts[1]})"
        if node.operation in ("negative", "logical_not"):
            return f"({'-' if node.operation == 'negative' else '~'}{parts[0]})"
        module = "" if not self.python else "sc." if node.operation in ("where", "equal") else "np."
        return f"{module}{node.operation}({', '.join(parts)})"

    def draw(self, node: Draw) -> str:
        parts = [self.value(child) for child in node.inputs]
        if isinstance(node, Choice) and node.p is not None:
            parts.append(f"p={list(node.p)!r}")
        if isinstance(node, UserDraw):
            self.sources[node.kind] = node.source
            parts = [f"{label}={part}" for label, part in zip(node.parameters, parts, strict=True)]
        if node.own_shape:
            parts.append(f"shape={node.own_shape!r}")
        if self.python and node.name is not None:
            parts.append(f'name="{node.name}"')
        return f"{'' if isinstance(node, UserDraw) else self.sc}{node.kind}({', '.join(parts)})"


def _uses(graph: Graph) -> list[object]:
    """Return the key of every flow and the identity of every draw, once for each place that refers to it."""
    walk = graph.walk()
    places: list[object] = []
    for flow in walk.flows.values():
        places.extend(source.key for source in flow.inputs)
    for target in graph.targets.values():
        places.append(target.key if isinstance(target, Flow) else id(target))
    for feature in walk.features.values():
        places.extend(id(node) for _, node in feature.properties())
    for flow in walk.flows.values():
        if isinstance(flow, Arithmetic):
            places.extend(id(node) for node in flow.properties())
    for node in walk.properties.values():
        places.extend(id(child) for child in node.inputs)
    return places


def _repeated(feature: Feature) -> set[int]:
    """Return the identities of the properties that a parameter of a feature shares with another one, or with its parts."""
    own, repeated = _reached([node for _, node in feature.properties()])
    inner, _ = _reached([node for part in feature.parts() for node in part.all_properties()])
    return repeated | own & inner


def _reached(nodes: list[Property]) -> tuple[set[int], set[int]]:
    """Return the identities of the properties that others are made of, and of those among them with several ways to them."""
    waiting, once, more = list(nodes), set(), set()
    while waiting:
        node = waiting.pop()
        if id(node) in once:
            more.add(id(node))
            continue
        once.add(id(node))
        waiting.extend(node.inputs)
    return once, more


def _number(value: np.ndarray) -> str:
    if value.ndim:
        return "[" + ", ".join(_number(entry) for entry in value) + "]"
    plain = value.item()
    return f'"{plain}"' if isinstance(plain, str) else repr(plain)
