package io.cleave.cli.demo;

import java.io.Serializable;

/**
 * A {@link ClassIndex} without the class files, as data that another process can be sent. Its nodes hang together and
 * hold on to an open file system; here a link is a number, and a path a text. In each array a class's place is its number.
 */
final class IndexData implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Stands for no superclass. */
    static final int NONE = -1;

    final String[] names;
    final String[] files;
    final boolean[] isInterface;
    final int[] superclasses;
    final int[][] interfaces;
    final String[][] methods;

    IndexData(int classes) {
        names = new String[classes];
        files = new String[classes];
        isInterface = new boolean[classes];
        superclasses = new int[classes];
        interfaces = new int[classes][];
        methods = new String[classes][];
    }
}
