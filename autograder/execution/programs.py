"""What Python sees of a cell: whether two cells are one program, and which names one cell leaves to the others."""

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

# characters of a cell, of all code of a notebook: what takes Python apart needs much time and memory for more
LONG, LONG_NOTEBOOK = 20_000, 100_000
NO_PROGRAM = (SyntaxError, ValueError, RecursionError, MemoryError)
# by these a program reaches names that are not written in it
DYNAMIC = frozenset({"eval", "exec", "globals", "locals", "vars", "setattr", "get_ipython", "__builtins__", "__main__"})
_WORD = re.compile(r"[^\W\d]\w*")


@lru_cache(maxsize=512)
def program_of(source: str) -> str:
    """Equal for the same program: comments and layout do not count. Of what is no Python, or long, the text itself."""
    if len(source) > LONG:
        return source
    try:
        return ast.dump(_parsed(source))
    except NO_PROGRAM:
        return source


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a learner's backslashes nothing is said here
        return ast.parse(source)


class _AsGenerators(ast.NodeTransformer):
    """Comprehensions as generator expressions, whose variables are their own.

    From Python 3.12 on, `symtable` tells those of other comprehensions as the names of what is around them (PEP 709).
    """

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._generator(node, node.elt)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._generator(node, node.elt)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._generator(node, ast.Tuple([node.key, node.value], ast.Load()))

    def _generator(self, node: ast.ListComp | ast.SetComp | ast.DictComp, item: ast.expr) -> ast.AST:
        found = ast.GeneratorExp(item, node.generators)
        return self.generic_visit(ast.fix_missing_locations(ast.copy_location(found, node)))


@dataclass
class Names:
    """The names of a cell.

    `needs`: read before the cell itself has bound them. `later`: read by its functions, whenever these are called.
    `binds`: bound for certain when the cell has run. `changes`: bound, or changed in place by an assignment, perhaps.
    `any`: whether it may read, or change, whatever there is.
    """

    needs: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    binds: frozenset[str] = frozenset()
    changes: set[str] = field(default_factory=set)
    any: bool = False

    def of_block(self, statements: Iterable[ast.stmt], bound: frozenset[str]) -> frozenset[str]:
        """Read a block that begins with these names bound; returns the names that are bound at its end."""
        for statement in statements:
            blocks = list(_blocks_of(statement))
            if not blocks:
                bound |= self._of_part(statement, bound)
                continue
            inside = bound.union(*(self._of_part(head, bound) for head in _heads_of(statement)))
            for block in blocks:  # what they bind is not bound for certain
                self.of_block(block, inside)
        return bound

    def _of_part(self, node: ast.AST, bound: frozenset[str]) -> frozenset[str]:
        """A statement without blocks of its own, or an expression; returns what it binds."""
        table = symtable.symtable(ast.unparse(node), "cell", "exec")
        scope = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        reads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
        reads |= set() if scope else _changed_in_place(node)
        for child in table.get_children():
            (self.later if scope or child.get_name() == "lambda" else reads).update(_globals_in(child))
        self.needs |= reads - bound
        return frozenset(_bound_in(table))


@lru_cache(maxsize=1024)
def names_of(source: str) -> Names:
    """The names of a cell. What is no Python (a magic, an error) may read and change every word in it."""
    found = Names()
    try:
        if len(source) > LONG:
            raise ValueError("too long")
        tree = _AsGenerators().visit(_parsed(source))
        found.binds = found.of_block(tree.body, frozenset())
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    except NO_PROGRAM:
        words = set(_WORD.findall(source))
        return Names(words, words, frozenset(), words, any=bool(words & DYNAMIC))
    known = {s.get_name() for s in table.get_symbols()}.union(*map(_globals_in, table.get_children()))
    found.changes = _bound_in(table) | _declared_global(table) | (_changed_in_place(tree) & known)
    stars = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.names[0].name == "*")
    found.any = bool((found.needs | found.later) & DYNAMIC) or any(stars)
    return found


def needed(cells: Sequence[tuple[str, bool]]) -> list[set[str]]:
    """For each (source, whether it may be left out), in order: the names for whose sake it must stay.

    A cell is left out where that set is empty; every other one counts as executed. "*" stands for whatever there is.
    """
    names = [names_of(source) for source, _optional in cells]
    later = {name for found in names for name in found.later}
    wanted: set[str] = set()
    everything = False
    answer: list[set[str]] = [set() for _cell in cells]
    for index, found in reversed(list(enumerate(names))):
        if cells[index][1]:
            answer[index] = set(found.changes if everything else found.changes & (later | wanted))
            answer[index] |= {"*"} if found.any else set()
            if not answer[index]:
                continue
        wanted = (wanted - found.binds) | found.needs
        everything |= found.any
    return answer


def _blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement, in order; none of a function's or a class's, which are scopes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        if name == "orelse":  # handlers and cases stand between
            yield from (part.body for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())))
        if block := getattr(node, name, None):
            yield block


def _heads_of(node: ast.stmt) -> Iterator[ast.AST]:
    """What a compound statement evaluates and binds outside of its blocks, as statements of their own."""
    for item in getattr(node, "items", ()):
        yield _assignment(item.optional_vars, item.context_expr)
    if isinstance(node, ast.For | ast.AsyncFor):
        yield _assignment(node.target, node.iter)
    for name in ("test", "subject"):
        if (expression := getattr(node, name, None)) is not None:
            yield expression
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from (e for e in (getattr(part, "type", None), getattr(part, "guard", None)) if e is not None)


def _assignment(target: ast.expr | None, value: ast.expr) -> ast.AST:
    return value if target is None else ast.fix_missing_locations(ast.Assign([target], value))


def _bound_in(table: symtable.SymbolTable) -> set[str]:
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def _globals_in(table: symtable.SymbolTable) -> Iterator[str]:
    """Names of the notebook that a scope reads, and those inside it."""
    yield from (s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced())
    for child in table.get_children():
        yield from _globals_in(child)


def _declared_global(table: symtable.SymbolTable) -> set[str]:
    """Names of the notebook that functions bind."""
    own = {s.get_name() for s in table.get_symbols() if s.is_declared_global() and s.is_assigned()}
    return own.union(*(_declared_global(child) for child in table.get_children()))


def _changed_in_place(node: ast.AST) -> set[str]:
    """The names at the beginning of what is assigned to or deleted: `a` of `a.b[c] = 1`, of `a += 1`, of `del a`."""
    found = set()
    for part in ast.walk(node):
        target = part.target if isinstance(part, ast.AugAssign) else part
        inside = isinstance(target, ast.Attribute | ast.Subscript) and not isinstance(target.ctx, ast.Load)
        gone = isinstance(target, ast.Name) and isinstance(target.ctx, ast.Del)
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name) and (inside or gone or isinstance(part, ast.AugAssign)):
            found.add(target.id)
    return found
