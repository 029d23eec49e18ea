from collections import Counter

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import demo, job
from ensemble_desk.training.fleet import TrainingRequest


def test_the_plan_shows_every_page_at_its_best(source):
    requests = demo.plan(source)
    daily = Counter(request.key for request in requests if request.key.timeframe == "d1")
    stocks = {key: count for key, count in daily.items() if not key.symbol.startswith("^")}
    assert len(requests) >= 20
    assert len({request.key.symbol for request in requests}) >= 5
    assert len(stocks) >= 4
    assert min(stocks.values()) >= 4
    assert any(key.symbol.startswith("^") for key in daily)
    assert any(request.key.timeframe == "w1" for request in requests)


def test_every_date_lies_inside_the_sample_and_rises_within_its_key(source):
    seen = {}
    for request in demo.plan(source):
        bars = source.bars(request.key)
        assert bars.first < request.as_of < bars.last
        assert request.as_of > seen.get(request.key, bars.first)
        seen[request.key] = request.as_of


def test_keys_the_source_lacks_are_left_out():
    class Poor(SampleSource):
        def keys(self):
            return (Key("IBM", "w1"),)

    assert {request.key for request in demo.plan(Poor())} == {Key("IBM", "w1")}


def test_a_registry_with_versions_is_left_alone(settings, registry, early_bars, content, monkeypatch):
    monkeypatch.setattr("ensemble_desk.training.fitting.fit_version", lambda *_args, **_kwargs: content)
    job.train(registry, early_bars.key, as_of=early_bars.last, actor="ann")
    assert demo.run(settings, if_empty=True, actor="ann") == ()
    assert len(versions.of_key(registry, early_bars.key)) == 1


def test_an_empty_registry_is_filled(settings, registry, monkeypatch):
    weekly = (TrainingRequest(Key("IBM", "w1")),)
    monkeypatch.setattr(demo, "plan", lambda _source: weekly)
    totals = []
    outcomes = demo.run(settings, if_empty=True, actor="ann", began=totals.append)
    assert totals == [1]
    assert [one.status for one in outcomes] == ["completed"]
    assert versions.keys(registry) == (Key("IBM", "w1"),)


def test_an_interrupted_demo_is_gone_on_with(settings, registry, early_bars, content, monkeypatch):
    monkeypatch.setattr("ensemble_desk.training.fitting.fit_version", lambda *_args, **_kwargs: content)
    days = [early_bars.frame.index[at].to_pydatetime() for at in (-40, -20)]
    requests = tuple(TrainingRequest(early_bars.key, day) for day in days)
    monkeypatch.setattr(demo, "plan", lambda _source: requests)
    job.train(registry, early_bars.key, as_of=days[0], actor="ann")
    totals = []
    demo.run(settings, if_empty=True, actor="ann", began=totals.append)
    assert totals == [1]
    assert {record.version for record in versions.of_key(registry, early_bars.key)} == {f"{day:%Y%m%d}" for day in days}
    assert demo.run(settings, if_empty=True, actor="ann") == ()


def test_the_demo_ends_with_going_back_rehearsed(settings, registry, early_bars, content, monkeypatch):
    monkeypatch.setattr("ensemble_desk.training.fitting.fit_version", lambda *_args, **_kwargs: content)
    for last in (early_bars.frame.index[-20], early_bars.last):
        job.train(registry, early_bars.key, as_of=last, actor="ann")
    monkeypatch.setattr(demo, "plan", lambda _source: (TrainingRequest(early_bars.key, early_bars.last),))
    demo.run(settings, if_empty=False, actor="ann")
    assert readiness.of_key(registry, early_bars.key).at is not None
