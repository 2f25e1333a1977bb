/** Whether fission loses, doubles or spoils results under hostile conditions. */
@NullMarked
package io.cleave.bench.soundness;

import org.jspecify.annotations.NullMarked;
