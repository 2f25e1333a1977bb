package io.cleave.bench.pool;

import io.cleave.fission.Fission;
import io.cleave.pool.Pool;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.StartMethod;
import io.cleave.pool.Task;
import io.cleave.pool.ThreadPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.viktorc.pp4j.impl.ProcessExecutors;

/** The pools that are measured. */
final class Ways {
    private static final long FAREWELL_SECONDS = 20;

    private Ways() {
    }

    /** Makes a pool; one that hands out items one by one is asked for by {@code oneByOne}. */
    static Way open(String name, int workers, boolean oneByOne) throws InterruptedException {
        return switch (name) {
            case "cleave" -> {
                ProcessPool.Builder builder = ProcessPool.builder().workers(workers);
                ProcessPool pool = (oneByOne ? builder.chunkSize(1) : builder).build();
                yield new OnCleave(pool, pool, false);
            }
            case "cleave-default" -> {
                ProcessPool pool = ProcessPool.create();
                yield new OnCleave(pool, pool, false);
            }
            case "cleave-forked" -> {
                ProcessPool pool = ProcessPool.builder().startMethod(StartMethod.FORK).build();
                yield new OnCleave(pool, pool, false);
            }
            case "cleave-threads" -> {
                ThreadPool pool = ThreadPool.create(workers);
                yield new OnCleave(pool, pool, oneByOne);
            }
            case "cleave-fission" -> new OnFission(Fission.builder().children(workers).build());
            case "cleave-fission-isolated" -> new OnFission(Fission.builder().children(workers).warmUp(0).build());
            case "fork-join" -> oneByOne ? new OnExecutor(new ForkJoinPool(workers))
                    : new OnForkJoin(new ForkJoinPool(workers));
            case "pp4j" -> new OnExecutor(ProcessExecutors.newFixedJavaProcessPool(workers));
            case "sequential" -> new Sequential();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** A pool of Cleave's that is an executor, too. */
    private record OnCleave(Pool pool, ExecutorService executor, boolean oneByOne) implements Way {
        @Override
        public <V> V call(Call<V> call) throws Exception {
            return executor.submit(call).get();
        }

        @Override
        public <T, R> List<R> map(List<T> items, Task<T, R> task) {
            Iterable<T> unknown = () -> items.iterator(); // of unknown size: threads then get items one by one
            return pool.map(oneByOne ? unknown : items, task);
        }

        @Override
        public void close() {
            pool.close();
        }
    }

    /** A fork for each call. */
    private record OnFission(Fission fission) implements Way {
        @Override
        public <V> V call(Call<V> call) {
            return fission.<Integer, V>map(List.of(0), item -> call.call()).getFirst();
        }

        @Override
        public <T, R> List<R> map(List<T> items, Task<T, R> task) {
            return fission.map(items, task);
        }

        @Override
        public void close() {
            fission.close();
        }
    }

    /** An executor that knows nothing but single tasks. */
    private record OnExecutor(ExecutorService executor) implements Way {
        @Override
        public <V> V call(Call<V> call) throws Exception {
            return executor.submit((Callable<V>) call).get();
        }

        @Override
        public <T, R> List<R> map(List<T> items, Task<T, R> task) throws Exception {
            List<Future<R>> futures = new ArrayList<>(items.size());
            for (T item : items) {
                Call<R> call = () -> task.apply(item);
                futures.add(executor.submit((Callable<R>) call));
            }
            List<R> results = new ArrayList<>(items.size());
            for (Future<R> future : futures) {
                results.add(future.get());
            }
            return results;
        }

        /** Without {@link ExecutorService#close}, which older executors leave to a default that polls once a day. */
        @Override
        public void close() {
            executor.shutdown();
            try {
                if (!executor.awaitTermination(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                    throw new IllegalStateException(executor + " does not end");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A parallel stream in a pool of its own. */
    private record OnForkJoin(ForkJoinPool pool) implements Way {
        @Override
        public <V> V call(Call<V> call) throws Exception {
            return pool.submit((Callable<V>) call).get();
        }

        @Override
        public <T, R> List<R> map(List<T> items, Task<T, R> task) throws Exception {
            return pool.submit(() -> items.parallelStream().map(item -> apply(task, item)).toList()).get();
        }

        private static <T, R> R apply(Task<T, R> task, T item) {
            try {
                return task.apply(item);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            pool.close();
        }
    }

    /** A loop. */
    private record Sequential() implements Way {
        @Override
        public <V> V call(Call<V> call) throws Exception {
            return call.call();
        }

        @Override
        public <T, R> List<R> map(List<T> items, Task<T, R> task) throws Exception {
            List<R> results = new ArrayList<>(items.size());
            for (T item : items) {
                results.add(task.apply(item));
            }
            return results;
        }

        @Override
        public void close() {
            // holds nothing
        }
    }
}
