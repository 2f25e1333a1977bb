/** What every child of this JVM's own, made by a fork, begins and ends with. Not exported. */
@NullMarked
package io.cleave.fork;

import org.jspecify.annotations.NullMarked;
