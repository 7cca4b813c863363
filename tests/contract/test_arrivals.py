"""What arrived since: by arrival, not by time, so that late rows are found without looking for them."""


def powers(arrived):
    return [row["power_w"] for row in arrived[0].to_pylist()]


def test_rows_arrive_once_late_ones_too(store, batch, at):
    store.append(batch(meter=[{"time_us": at(10), "power_w": 1.0}]))
    first = store.arrivals("meter", 0)
    store.append(batch(meter=[{"time_us": at(0), "power_w": 2.0}]))
    second = store.arrivals("meter", first[1])
    third = store.arrivals("meter", second[1])

    assert (powers(first), powers(second), powers(third)) == ([1.0], [2.0], [])
    assert third[1] == second[1]


def test_merging_late_rows_makes_nothing_arrive_again(store, batch, at, noon):
    store.append(batch(meter=[{"time_us": at(10), "power_w": 1.0}]))
    store.append(batch(meter=[{"time_us": at(0), "power_w": 2.0}]))
    _, last = store.arrivals("meter", 0)

    store.bring_up_to(noon)
    assert powers(store.arrivals("meter", last)) == []
    assert powers(store.arrivals("meter", 0)) == [1.0, 2.0]


def test_a_row_written_again_arrives_again_and_whole(store, batch, at, noon):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))
    _, last = store.arrivals("meter", 0)
    store.append(batch(meter=[{"time_us": at(0), "soc": 50.0}]))

    for _ in range(2):
        [row] = store.arrivals("meter", last)[0].to_pylist()
        assert (row["power_w"], row["soc"]) == (1.0, 50.0)
        store.bring_up_to(noon)


def test_a_row_written_again_as_it_was_does_not_arrive_again(store, batch, at, noon):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0, "session": "a"}]))
    _, last = store.arrivals("meter", 0)
    for again in ({"power_w": 1.0, "session": "a"}, {"power_w": 1.0}):
        store.append(batch(meter=[{"time_us": at(0), **again}]))
    store.bring_up_to(noon)

    assert powers(store.arrivals("meter", last)) == []
    assert powers(store.arrivals("meter", 0)) == [1.0]


def test_one_number_holds_for_all_measurements(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}], status=[{"time_us": at(0), "status": "Charging"}]))
    store.append(batch(status=[{"time_us": at(1), "status": "Finishing"}]))
    _, last = store.arrivals("meter", 0)

    upto = store.arrivals("status", 0, last)
    assert [row["status"] for row in upto[0].to_pylist()] == ["Charging", "Finishing"]
    assert upto[1] == last


def test_upto_leaves_out_what_came_after_it(store, batch, at):
    store.append(batch(meter=[{"time_us": at(0), "power_w": 1.0}]))
    _, first = store.arrivals("meter", 0)
    store.append(batch(meter=[{"time_us": at(1), "power_w": 2.0}]))

    assert powers(store.arrivals("meter", 0, first)) == [1.0]
    assert store.arrivals("meter", 0, first)[1] == first
    assert powers(store.arrivals("meter", first)) == [2.0]


def test_numbers_go_on_after_a_restart_and_after_forgetting(open_store, forgetful, batch, at, noon):
    store = forgetful
    store.append(batch(meter=[{"time_us": at(-100), "power_w": 1.0}]))
    _, before = store.arrivals("meter", 0)
    store.forget("meter", noon)
    store.close()

    store = open_store()
    store.append(batch(meter=[{"time_us": at(0), "power_w": 2.0}]))
    arrived = store.arrivals("meter", before)
    assert powers(arrived) == [2.0]
    assert arrived[1] > before
    store.close()


def test_arrivals_have_the_columns_of_a_scan(store, batch, at):
    store.append(batch(transaction=[{"time_us": at(0), "event": "start", "user": "u", "meter_wh": 1.5}]))

    [arrived] = store.arrivals("transaction", 0)[0].to_pylist()
    [scanned] = next(iter(store.scan("transaction"))).to_pylist()
    assert arrived.pop("seq") > 0
    assert arrived == scanned
