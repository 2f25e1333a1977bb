/** Blocks as the layers above need them, who do with them what users may not. Not exported. */
@NullMarked
package io.cleave.memory.raw;

import org.jspecify.annotations.NullMarked;
