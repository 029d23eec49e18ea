"""Questions that an upload leaves open: each carries the answers it can have, so that a page and a command can ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ensemble_desk.errors.base import DeskError
from ensemble_desk.errors.market import InvalidBarsError
from ensemble_desk.errors.outside import UploadError


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer.

    Attributes
    ----------
    value : what the answer's field takes.
    said : the answer in words, with its evidence.
    option : how the command line says it.
    """

    value: object
    said: str
    option: str


class Question:
    """What every question has: the field of `Answers` that settles it, the question itself and its choices."""

    answer: str
    question: str
    choices: tuple[Choice, ...]

    def _ask(self, answer: str, question: str, choices: Sequence[Choice]) -> str:
        self.answer, self.question, self.choices = answer, question, tuple(choices)
        ways = "; ".join(f"{choice.option}: {choice.said}" for choice in self.choices)
        return f"{question} Say one of: {ways}."


class UploadQuestionError(Question, UploadError):
    """A file can be read in more than one way, and one answer settles which."""

    def __init__(self, file_name: str, answer: str, question: str, choices: Sequence[Choice]) -> None:
        UploadError.__init__(self, file_name, [self._ask(answer, question, choices)])


class UnsortedBarsError(Question, InvalidBarsError):
    """Rows stand in another order than their times; putting them in order loses nothing."""

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        InvalidBarsError.__init__(self, subject, problems)
        choice = Choice(value=True, said="put the rows in order of their times", option="--sort")
        self._ask("sort", "The rows stand in another order than their times. Put them in order?", [choice])
        self.args = (f"{subject} cannot be used: {'; '.join(self.problems)}. Correct these rows or ask to sort them",)

    def __str__(self) -> str:
        return f"{self.args[0]} (--sort), then retry."


class RepeatedBarsError(Question, InvalidBarsError):
    """A time occurs more than once with different numbers, as a live row beside the day's row does."""

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        InvalidBarsError.__init__(self, subject, problems)
        self._ask(
            "keep",
            "Some times occur more than once with different numbers, as a live row beside the day's. Which to keep?",
            [
                Choice("first", "keep the row that comes first in the file", "--keep first"),
                Choice("last", "keep the row that comes last in the file", "--keep last"),
            ],
        )
        self.args = (f"{subject} cannot be used: {'; '.join(self.problems)}. Correct these rows or say which to keep",)

    def __str__(self) -> str:
        return f"{self.args[0]} (--keep first or --keep last), then retry."


@dataclass(frozen=True, slots=True)
class Guess:
    """Which column is probably meant by one of our fields, and why; an empty column stands for none."""

    field: str
    column: str
    reason: str


class UnknownColumnsError(UploadError):
    """Columns are not recognised: a person has to say which is which.

    Attributes
    ----------
    columns : the names of the columns, ``column 1`` and so on where the file has none.
    rows : the first rows as texts, one tuple each.
    guesses : the best guess for every field.
    has_names : whether the file names its columns.
    """

    def __init__(
        self,
        file_name: str,
        *,
        missing: Sequence[str],
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        guesses: Sequence[Guess],
        has_names: bool,
    ) -> None:
        self.missing, self.columns, self.has_names = tuple(missing), tuple(columns), has_names
        self.rows, self.guesses = tuple(tuple(row) for row in rows), tuple(guesses)
        shown = ", ".join(f"'{name}'" for name in columns[:12])
        UploadError.__init__(self, file_name, [f"{self._problem(shown)} {self._advice()}"])

    @property
    def suggestion(self) -> Mapping[str, str]:
        return {guess.field: guess.column for guess in self.guesses if guess.column}

    def _problem(self, shown: str) -> str:
        missing = ", ".join(self.missing)
        if not self.has_names:
            return f"its first line holds numbers instead of column names, and the numbers do not tell {missing}."
        return f"there is no column for {missing}; it has {shown}."

    def _advice(self) -> str:
        if not self.has_names:
            return "Add a header line, or say the names in order, such as --columns time,open,high,low,close,volume."
        said = ",".join(f"{name}={_quoted(self.suggestion.get(name, 'COLUMN'))}" for name in self.missing)
        return f"Say which column is which: --map {said}."


class UnknownMappingError(DeskError):
    """No mapping of this name is kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"No mapping is kept under the name {name!r}. List them: desk bars mappings.")


class ManyRestatedError(DeskError):
    """An import would change many bars that say something else; nothing changed yet."""

    def __init__(self, subject: str, *, n_restated: int, n_bars: int, examples: Sequence[str]) -> None:
        self.n_restated, self.n_bars, self.examples = n_restated, n_bars, tuple(examples)
        super().__init__(
            f"This import would change {n_restated:,} of {n_bars:,} bars of {subject}: {'; '.join(examples)}. "
            "Nothing changed. Look whether dates and prices are right, then retry with --yes."
        )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name or "," in name else name
