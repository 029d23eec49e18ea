"""Whatever happens, in whatever order: history explains production, and production keeps its rules."""

import itertools
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import Mode, State
from ensemble_desk.registry.folder import audit, registering, retention, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")
DAMAGE = {audit.MISSING, audit.CHANGED}
OPERATOR, ADMIN = Actor("olga", Role.OPERATOR), Actor("ada", Role.ADMIN)
USABLE = (State.AVAILABLE, State.IN_PRODUCTION)
days = st.integers(0, 12).map(lambda number: date(2025, 1, 1) + timedelta(days=number))
picks = st.integers(0, 30)


class Life(RuleBasedStateMachine):
    """A key's life: trainings, moves, quarantines, and damage to its files, each seen by a sync."""

    content: dict
    template: Path
    clock = None
    damaged = Bundle("damaged")

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="desk-life-"))
        (self.folder / "kept").mkdir()
        shutil.copyfile(self.template, self.folder / "registry.db")
        chosen = Settings(
            models_url=str(self.folder / "models"), database_url=f"sqlite:///{self.folder / 'registry.db'}"
        )
        (self.folder / "models").mkdir()
        self.registry = opening.open_registry(chosen, clock=self.clock)
        self.revision = 0
        self.train(date(2025, 1, 1))

    def teardown(self):
        if hasattr(self, "registry"):
            self.registry.close()
            shutil.rmtree(self.folder)

    def known(self, number):
        found = versions.of_key(self.registry, AAPL)
        return found[number % len(found)].version

    def attempt(self, act, *args, **named):
        """A move may be refused, and then leaves production as it was."""
        before = production.read(self.registry, AAPL)
        try:
            row = act(self.registry, AAPL, *args, expected=before.revision, actor=OPERATOR, reason="a reason", **named)
        except DeskError:
            assert production.read(self.registry, AAPL) == before
            assert history.deployments(self.registry, AAPL)[0].outcome == "refused"
        else:
            assert row.revision == before.revision + 1

    @rule(day=days)
    def train(self, day):
        taken = retention.taken(self.registry, AAPL)
        published = self.registry.store.publish(self.content, key=AAPL, date=day, created_at=self.clock(), taken=taken)
        before = production.read(self.registry, AAPL) if self.revision else None
        registering.register(self.registry, published, actor="trainer")
        after = production.read(self.registry, AAPL)
        if before is not None and (before.mode is Mode.PINNED or published.version < (before.version or "")):
            assert (after.version, after.revision) == (before.version, before.revision)
        else:
            assert after.version == published.version

    @rule(number=picks)
    def promote(self, number):
        self.attempt(moves.promote, to=self.known(number))

    @rule(number=st.none() | picks)
    def roll_back(self, number):
        self.attempt(rollback.roll_back, to=None if number is None else self.known(number))

    @rule()
    def follow_latest(self):
        self.attempt(moves.follow_latest)

    @rule(number=picks)
    def quarantine(self, number):
        self.attempt(quarantine.quarantine, self.known(number))

    @rule(number=picks)
    def lift(self, number):
        self.attempt(quarantine.lift, self.known(number))

    @rule(keep=st.integers(1, 4))
    def prune(self, keep):
        before = production.read(self.registry, AAPL)
        target = rollback.target(self.registry, AAPL)
        usable = [row.version for row in versions.of_key(self.registry, AAPL) if row.state in USABLE]
        fates = retention.prune(self.registry, keep=keep, keys=[AAPL], actor=ADMIN, reason="a reason")
        assert production.read(self.registry, AAPL) == before
        assert rollback.target(self.registry, AAPL) == target
        left = {row.version for row in versions.of_key(self.registry, AAPL)}
        assert left == {fate.version for fate in fates if not fate.goes}
        assert set(usable[:keep]) <= left
        assert retention.taken(self.registry, AAPL) >= {fate.version for fate in fates}

    @rule(target=damaged, number=picks, tampered=st.booleans())
    def damage(self, number, tampered):
        name = versions.get(self.registry, AAPL, self.known(number)).file_name
        file, kept = self.registry.store.folder / name, self.folder / "kept" / name
        if not kept.exists():
            file.rename(kept)
            if tampered:
                file.write_bytes(kept.read_bytes()[:-1] + b"?")
        before = production.read(self.registry, AAPL)
        sync.synchronise(self.registry)
        after = production.read(self.registry, AAPL)
        same = replace(after, newer_waiting=None) == replace(before, newer_waiting=None)  # a tampered one waits no more
        assert same or not tampered  # tampering alone never sends production back to an older version
        return name

    @rule(name=consumes(damaged))
    def restore(self, name):
        kept = self.folder / "kept" / name
        if kept.exists():
            kept.replace(self.registry.store.folder / name)
        sync.synchronise(self.registry)

    @rule()
    def look_at_the_folder(self):
        before = production.read(self.registry, AAPL)
        sync.synchronise(self.registry, force=True)
        assert production.read(self.registry, AAPL) == before

    @invariant()
    def history_explains_everything(self):
        wrong = [finding for finding in audit.verify(self.registry) if finding.kind not in DAMAGE]
        assert wrong == []

    @invariant()
    def production_keeps_its_rules(self):
        live = production.read(self.registry, AAPL)
        assert live.revision >= self.revision
        self.revision = live.revision
        rows = {row.version: row for row in versions.of_key(self.registry, AAPL)}
        usable = [v for v, row in rows.items() if row.state in USABLE]
        serving = [v for v, row in rows.items() if row.state is State.IN_PRODUCTION]
        assert serving == ([live.version] if live.version in usable else [])
        assert live.version is None or not rows[live.version].quarantine_reason
        if live.mode is Mode.FOLLOW_LATEST:
            newest = max(usable, default=None)
            damaged_live = live.version is not None and rows[live.version].state is State.TAMPERED
            assert live.version == newest or (damaged_live and live.version > (newest or ""))
        assert live.version == history.live_at(self.registry, AAPL, self.clock()).version


@pytest.mark.timeout(600)
def test_no_history_breaks_the_rules(sqlite_template, content):
    ticks = itertools.count(1)
    Life.content, Life.template = content, sqlite_template
    Life.clock = staticmethod(lambda: datetime(2025, 2, 1, tzinfo=UTC) + timedelta(seconds=next(ticks)))
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=18,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
