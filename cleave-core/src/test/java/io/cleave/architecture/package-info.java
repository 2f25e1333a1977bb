/** What the compiler does not hold: the layers, the public types, and what the library never does. */
package io.cleave.architecture;
