/** What runs in a worker JVM. */
@NullMarked
package io.cleave.worker;

import org.jspecify.annotations.NullMarked;
