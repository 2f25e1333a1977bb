/** Which classes objects are made of, as all layers that decode have to ask. Not exported. */
@NullMarked
package io.cleave.share.trust;

import org.jspecify.annotations.NullMarked;
