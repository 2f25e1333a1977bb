package io.cleave.fission;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * The classes of {@code java.util} and of what is below it: collections and streams, which nearly every task uses.
 *
 * <p>
 * HotSpot compiles code in the belief that the classes that it has seen are all there are, say that an abstract class has
 * one heir. When a class is loaded that proves it wrong, the VM thread must throw that code away. A child has no such
 * thread, so it waits for ever, as does each child after it, while the compiled code stands in the parent. Once these
 * classes are loaded in the parent no child can meet this by loading one of them.
 */
final class UtilClasses {
    private static final String FOLDER = "java/util/";
    private static final String SUFFIX = ".class";
    private static final AtomicBoolean DONE = new AtomicBoolean();

    private UtilClasses() {
    }

    /** Loads them all, the first time that it is called; initializes none. Takes some 50 ms. */
    static void load() {
        if (DONE.getAndSet(true)) {
            return;
        }
        try (ModuleReader base = ModuleFinder.ofSystem().find("java.base").orElseThrow().open();
                Stream<String> files = base.list()) {
            files.filter(file -> file.startsWith(FOLDER) && file.endsWith(SUFFIX))
                    .map(file -> file.substring(0, file.length() - SUFFIX.length()).replace('/', '.'))
                    .forEach(UtilClasses::load);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, false, null);
        } catch (ClassNotFoundException | LinkageError e) {
            return; // whoever needs it is told
        }
    }
}
