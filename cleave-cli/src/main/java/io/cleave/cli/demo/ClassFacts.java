package io.cleave.cli.demo;

import java.io.Serializable;

/**
 * What the analysis finds out about one class. It crosses a process boundary: so it holds numbers of the
 * {@link ClassIndex} instead of names, and plain arrays.
 */
public final class ClassFacts implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The class's number. */
    final int id;
    /** How many classes are above it. */
    final int depth;
    /** How many fields it declares. */
    final int fields;
    /** How many of its calls go to a method that the index does not know, such as the clone of an array. */
    final int unknownCalls;
    /** How many lambdas, string concatenations and the like it has. */
    final int dynamicCalls;
    /** Bytes of code of each of its methods, in the order of the methods' numbers. */
    final int[] codeSizes;
    /** Pairs: the number of a method that it calls, and from how many places. */
    final int[] calls;
    /** The numbers of the classes that it mentions. */
    final int[] mentions;
    /** Pairs: the ordinal of an opcode, and how often the code has it. */
    final int[] opcodes;
    /** The short strings in its code. */
    final String[] strings;
    /** How often each of these strings is loaded. */
    final int[] stringCounts;
    /** What the verifier has to complain about. */
    final String[] verifyErrors;

    ClassFacts(int id, int depth, int fields, CodeCounts code, int[] mentions, String[] verifyErrors) {
        this.id = id;
        this.depth = depth;
        this.fields = fields;
        this.unknownCalls = code.unknownCalls;
        this.dynamicCalls = code.dynamicCalls;
        this.codeSizes = code.codeSizes;
        this.calls = code.calls;
        this.mentions = mentions;
        this.opcodes = code.opcodes;
        this.strings = code.strings;
        this.stringCounts = code.stringCounts;
        this.verifyErrors = verifyErrors;
    }
}
