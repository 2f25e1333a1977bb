/** The demonstration: an analysis of every class of the running JDK, computed in several ways. */
@NullMarked
package io.cleave.cli.demo;

import org.jspecify.annotations.NullMarked;
