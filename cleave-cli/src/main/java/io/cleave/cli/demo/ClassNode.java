package io.cleave.cli.demo;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One class of the JDK in a {@link ClassIndex}: its bytes, its methods, and links to the classes that it extends. It is
 * deliberately no data object: it hangs in a graph of all other classes, and holds on to an open file system.
 */
public final class ClassNode {
    private final int id;
    private final String name;
    private final Path file;
    private final byte[] bytes;
    private final boolean isInterface;
    private final int firstMethod;
    private final String[] methods;

    // Set once, while the index is built, before anybody else sees the node.
    private @Nullable ClassNode superclass;
    private List<ClassNode> interfaces = List.of();

    /**
     * Makes a node without links.
     *
     * @param name the internal name, such as {@code java/lang/Object}
     * @param methods names and descriptors, such as {@code size()I}, sorted
     */
    ClassNode(int id, String name, Path file, byte[] bytes, boolean isInterface, int firstMethod, String[] methods) {
        this.id = id;
        this.name = name;
        this.file = file;
        this.bytes = bytes;
        this.isInterface = isInterface;
        this.firstMethod = firstMethod;
        this.methods = methods;
    }

    void link(@Nullable ClassNode above, List<ClassNode> aside) {
        superclass = above;
        interfaces = List.copyOf(aside);
    }

    void write(IndexData data) {
        data.names[id] = name;
        data.files[id] = file.toString();
        data.isInterface[id] = isInterface;
        data.superclasses[id] = superclass == null ? IndexData.NONE : superclass.id;
        data.interfaces[id] = interfaces.stream().mapToInt(ClassNode::id).toArray();
        data.methods[id] = methods;
    }

    /** The class's number: its place in {@link ClassIndex#classes()}. */
    public int id() {
        return id;
    }

    /** The internal name, such as {@code java/lang/Object}. */
    public String name() {
        return name;
    }

    /** The module that the class is in, which its path in the open file system says. */
    public String module() {
        return file.getName(1).toString();
    }

    /** How many bytes the class file has. */
    public int size() {
        return bytes.length;
    }

    byte[] bytes() {
        return bytes;
    }

    boolean isInterface() {
        return isInterface;
    }

    @Nullable ClassNode superclass() {
        return superclass;
    }

    /** How many classes there are above this one. */
    int depth() {
        int depth = 0;
        for (ClassNode above = superclass; above != null; above = above.superclass) {
            depth++;
        }
        return depth;
    }

    int firstMethod() {
        return firstMethod;
    }

    int methodCount() {
        return methods.length;
    }

    String method(int number) {
        return methods[number - firstMethod];
    }

    /** The number of the method with a name and descriptor that this very class declares, or -1. */
    int declared(String method) {
        int at = Arrays.binarySearch(methods, method);
        return at < 0 ? -1 : firstMethod + at;
    }

    /** The number of the method that a call to this class means: its own, or one that it inherits; or -1. */
    int resolve(String method) {
        for (ClassNode at = this; at != null; at = at.superclass) {
            int number = at.declared(method);
            if (number >= 0) {
                return number;
            }
        }
        for (ClassNode at = this; at != null; at = at.superclass) {
            for (ClassNode aside : at.interfaces) {
                int number = aside.resolve(method);
                if (number >= 0) {
                    return number;
                }
            }
        }
        return -1;
    }

    @Override
    public String toString() {
        return name.replace('/', '.');
    }
}
