/** What a fork of the running JVM costs, beside a bare fork, CPython's and threads. */
@NullMarked
package io.cleave.bench.fission;

import org.jspecify.annotations.NullMarked;
