package io.cleave.pool;

/** What tests of worker JVMs have in common: they hold however workers come into being. */
abstract class ProcessPoolTestBase {
    /** How they do; another in a class that repeats the tests. */
    protected StartMethod startMethod() {
        return StartMethod.SPAWN;
    }

    final boolean isForked() {
        return startMethod() == StartMethod.FORK;
    }

    final ProcessPool.Builder builder() {
        return ProcessPool.builder().startMethod(startMethod());
    }

    final ProcessPool create(int workers) {
        return builder().workers(workers).build();
    }
}
