package io.cleave.bench.pool;

import java.io.Serializable;
import java.util.concurrent.Callable;

/**
 * What can be computed in another process.
 *
 * @param <V> the result's type
 */
interface Call<V> extends Callable<V>, Serializable {}
