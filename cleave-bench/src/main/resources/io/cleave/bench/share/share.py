# Hands an array of bytes to each of some workers of a multiprocessing pool, as pickle sends it.
import multiprocessing
import sys
import time


def ends(data):
    return data[0] + data[-1]


def main():
    workers, size = int(sys.argv[1]), int(sys.argv[2])
    data = bytearray(size)
    data[0], data[-1] = 1, 2
    with multiprocessing.Pool(workers) as pool:
        print("ready", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            results = pool.map(ends, [data] * workers, 1)
            took = (time.perf_counter() - start) * 1e6
            assert results == [3] * workers
            print(took, flush=True)


if __name__ == "__main__":
    main()
