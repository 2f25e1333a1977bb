# The rival in Python: os.fork, static slices, results pickled through one pipe for each child.
# Arguments: the work (graph, compute, tiny) and the number of children. Reads requests, answers with figures.
import gc
import os
import pickle
import select
import sys
import time

WORKERS = int(sys.argv[2])
MIB = 1 << 20


def fork_each(slices, body):
    """Forks a child for each slice, which writes what the body yields; gives the readable ends of the pipes."""
    pipes, pids = [], []
    for part in slices:
        readable, writable = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with os.fdopen(writable, "wb", 1 << 16) as out:
                    for result in body(part):
                        pickle.dump(result, out, pickle.HIGHEST_PROTOCOL)
                        out.flush()
                status = 0
            finally:
                os._exit(status)
        os.close(writable)
        pipes.append(os.fdopen(readable, "rb", 1 << 16))
        pids.append(pid)
    return pipes, pids


def wait_for(pids):
    for pid in pids:
        if os.waitpid(pid, 0)[1] != 0:
            raise RuntimeError("a child failed")


def halves(n):
    return [range(w * n // WORKERS, (w + 1) * n // WORKERS) for w in range(WORKERS)]


def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def private_dirty():
    with open("/proc/self/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024
    return 0


# 1 GiB of live objects

class Graph:
    def __init__(self):
        gc.disable()  # it would go through all of it again and again
        self.entries, i = [], 0
        while i % 10000 or rss() < 1024 * MIB:
            self.entries.append((i, "entry-%d" % i, i / 3.0, ["tag-%d" % (i * 3 + k) for k in range(3)],
                                 {"seen": i + 1000, "sold": i + 2000}))
            i += 1
        gc.enable()
        gc.freeze()  # so that the collector of a child leaves it alone
        self.expected = sum(self.sums(range(len(self.entries))))

    def sums(self, part, step=500):
        for start in range(part.start, part.stop, step):
            total = 0
            for number, name, score, tags, counts in self.entries[start:min(start + step, part.stop)]:
                total += number + len(name) + ord(name[-1]) + int(score) + counts["seen"] + counts["sold"]
                for tag in tags:
                    total += ord(tag[4])
            yield total

    def first(self):
        start = time.perf_counter()
        pipes, pids = fork_each(halves(len(self.entries)), self.sums)
        ready, _, _ = select.select(pipes, [], [])
        pickle.load(ready[0])
        millis = (time.perf_counter() - start) * 1e3
        for pid in pids:
            os.kill(pid, 9)
        for pid in pids:
            os.waitpid(pid, 0)
        for pipe in pipes:
            pipe.close()
        return [millis]

    def dirtied(self):
        def body(part):
            yield sum(self.sums(part))
            yield private_dirty()

        pipes, pids = fork_each(halves(len(self.entries)), body)
        total, most = 0, 0
        for pipe in pipes:
            total += pickle.load(pipe)
            most = max(most, pickle.load(pipe))
            pipe.close()
        wait_for(pids)
        assert total == self.expected
        return [most / MIB]

    def answer(self, request):
        return self.first() if request == "first" else self.dirtied()


# items of half a millisecond

def compute(item, steps):
    x = item + 1
    for _ in range(steps):
        x = (x * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return x


class Compute:
    def __init__(self):
        best = min(self.timed(20000) for _ in range(20))
        self.steps = int(20000 * 500e-6 / best)

    @staticmethod
    def timed(steps):
        start = time.perf_counter()
        compute(1, steps)
        return time.perf_counter() - start

    def answer(self, request):
        items = int(request.split()[1])
        start = time.perf_counter()
        expected = [compute(item, self.steps) for item in range(items)]
        sequential = time.perf_counter() - start
        start = time.perf_counter()
        pipes, pids = fork_each(halves(items), lambda part: (compute(item, self.steps) for item in part))
        results = []
        for pipe, part in zip(pipes, halves(items)):
            results += [pickle.load(pipe) for _ in part]
            pipe.close()
        wait_for(pids)
        forked = time.perf_counter() - start
        assert results == expected
        return [sequential / forked]


# items of next to nothing: results are pickled in batches, of the size that proved fastest

class Tiny:
    ITEMS = 1000000
    BATCH = 10000

    def __init__(self):
        self.items = list(range(self.ITEMS))
        self.expected = [x * 31 + 7 for x in self.items]

    def batches(self, part):
        for start in range(part.start, part.stop, self.BATCH):
            yield [x * 31 + 7 for x in self.items[start:min(start + self.BATCH, part.stop)]]

    def answer(self, request):
        start = time.perf_counter()
        pipes, pids = fork_each(halves(self.ITEMS), self.batches)
        results = []
        for pipe, part in zip(pipes, halves(self.ITEMS)):
            while len(results) < part.stop:
                results += pickle.load(pipe)
            pipe.close()
        wait_for(pids)
        micros = (time.perf_counter() - start) * 1e6 / self.ITEMS
        assert results == self.expected
        return [micros]


subject = {"graph": Graph, "compute": Compute, "tiny": Tiny}[sys.argv[1]]()
print("ready", flush=True)
for request in sys.stdin:
    print(*subject.answer(request.strip()), flush=True)
