package io.cleave.architecture.wronglayers.os;

import io.cleave.architecture.wronglayers.memory.Higher;

/** Breaks the order of the layers on purpose: see {@code ArchitectureTest}. */
final class Wrong {

    private Wrong() {
    }

    static Higher depend() {
        return new Higher();
    }
}
