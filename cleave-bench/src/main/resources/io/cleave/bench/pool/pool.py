# The rival in Python: multiprocessing.Pool, whose workers are forked.
# Arguments: the number of workers and the chunk size, 0 for the pool's own. Reads requests, answers with figures.
import multiprocessing
import sys
import time

WORKERS, CHUNK = int(sys.argv[1]), int(sys.argv[2]) or None
CONTEXT = multiprocessing.get_context("fork")
MASK = 0xFFFFFFFFFFFFFFFF


def constant():
    return 42


def plus_one(x):
    return x + 1


def value_plus_one(reading):
    return reading[2] + 1


def filled(item, size):
    return bytes([item & 255]) * size


def result(argument):
    return filled(*argument)


def compute(argument):
    item, steps = argument
    x = item + 1
    for _ in range(steps):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
    return x


def start():
    begin = time.perf_counter()
    pool = CONTEXT.Pool(WORKERS)
    assert pool.apply(constant) == 42
    millis = (time.perf_counter() - begin) * 1e3
    pool.terminate()
    pool.join()
    return millis


def plain(pool, number):
    assert pool.apply(constant) == 42


def captured(pool, number):
    assert pool.apply(value_plus_one, ((number, "sensor", number / 2.0),)) == number / 2.0 + 1


def calls(pool, millis, pause, call):
    micros = []
    begin = time.perf_counter()
    while (time.perf_counter() - begin) * 1e3 < millis:
        if pause:
            time.sleep(pause)
        before = time.perf_counter()
        call(pool, len(micros))
        micros.append((time.perf_counter() - before) * 1e6)
    micros.sort()
    return micros[len(micros) // 2]


def mapped(pool, function, items, expected):
    begin = time.perf_counter()
    results = pool.map(function, items, CHUNK)
    micros = (time.perf_counter() - begin) * 1e6 / len(items)
    assert results == expected
    return micros


class Compute:
    """Items of half a millisecond: how many times as fast as a loop in the same process."""
    PROBE = 20000
    steps = 0

    def times(self, pool, items):
        if not self.steps:
            self.steps = int(self.PROBE * 500e-6 / min(self.probe() for _ in range(20)))
        work = [(item, self.steps) for item in range(items)]
        begin = time.perf_counter()
        expected = [compute(item) for item in work]
        middle = time.perf_counter()
        results = pool.map(compute, work, CHUNK)
        end = time.perf_counter()
        assert results == expected
        return (middle - begin) / (end - middle)

    def probe(self):
        begin = time.perf_counter()
        compute((1, self.PROBE))
        return time.perf_counter() - begin


def answer(pools, computation, words):
    word, figures = words[0], [int(text) for text in words[1:]]
    if word == "start":
        return start()
    if not pools:
        pools.append(CONTEXT.Pool(WORKERS))
    pool = pools[0]
    if word == "calls":
        return calls(pool, figures[0], 0, plain)
    if word == "captured":
        return calls(pool, figures[0], 0, captured)
    if word == "idle":
        return calls(pool, figures[0], 0.01, plain)
    if word == "tiny":
        return mapped(pool, plus_one, list(range(figures[0])), list(range(1, figures[0] + 1)))
    if word == "argument":
        return mapped(pool, len, [filled(item, figures[1]) for item in range(figures[0])], [figures[1]] * figures[0])
    if word == "result":
        return mapped(pool, result, [(item, figures[1]) for item in range(figures[0])],
                      [filled(item, figures[1]) for item in range(figures[0])])
    if word == "run":
        return computation.times(pool, figures[0])
    raise ValueError(word)


def main():
    pools, computation = [], Compute()
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(pools, computation, line.split()), flush=True)
    for pool in pools:
        pool.terminate()
        pool.join()


if __name__ == "__main__":
    main()
