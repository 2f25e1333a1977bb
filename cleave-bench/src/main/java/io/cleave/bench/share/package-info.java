/** What sharing values costs, and what must hold whatever is done to blocks, tokens and processes. */
@NullMarked
package io.cleave.bench.share;

import org.jspecify.annotations.NullMarked;
