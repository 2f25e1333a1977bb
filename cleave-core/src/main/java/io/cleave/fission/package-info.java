/** Copy-on-write forks of the running JVM, which compute on the caller's heap and stream back results. */
@NullMarked
package io.cleave.fission;

import org.jspecify.annotations.NullMarked;
