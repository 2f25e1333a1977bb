/** What the fields of live objects in a shared heap cost, beside those of ordinary objects. */
@NullMarked
package io.cleave.bench.live;

import org.jspecify.annotations.NullMarked;
