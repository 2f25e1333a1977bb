package io.cleave.cli.demo;

import java.io.Serializable;
import java.lang.classfile.Opcode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The facts of many classes, merged; in whatever order they come, the same comes out. Two are equal if they agree in every
 * single figure, not only in those at the top of a list.
 *
 * <p>
 * Findings travel without the index that tells what the numbers mean: those that have travelled can be {@link #merge merged}
 * into others, and no more.
 */
public final class Findings implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * A name and its figure.
     *
     * @param name a class, method, opcode or string
     * @param value how many
     */
    public record Figure(String name, long value) {}

    private final transient @Nullable ClassIndex index;
    private final long[] callsByMethod;
    private final int[] codeSizeByMethod;
    private final int[] mentionsByClass;
    private final int[] methodsByClass;
    private final int[] fieldsByClass;
    private final int[] depthByClass;
    private final long[] byOpcode = new long[Opcode.values().length];
    private final HashMap<String, Long> strings = new HashMap<>();
    private final TreeMap<Integer, List<String>> verifyErrors = new TreeMap<>();
    private long classes;
    private long unknownCalls;
    private long dynamicCalls;

    /**
     * Makes findings over no class yet.
     *
     * @param index what the numbers in the facts mean
     */
    public Findings(ClassIndex index) {
        this.index = index;
        callsByMethod = new long[index.methodCount()];
        codeSizeByMethod = new int[index.methodCount()];
        int count = index.classes().size();
        mentionsByClass = new int[count];
        methodsByClass = new int[count];
        fieldsByClass = new int[count];
        depthByClass = new int[count];
    }

    /**
     * Merges the facts of one class.
     *
     * @param facts of a class that has not been merged before
     */
    public void add(ClassFacts facts) {
        classes++;
        unknownCalls += facts.unknownCalls;
        dynamicCalls += facts.dynamicCalls;
        depthByClass[facts.id] = facts.depth;
        methodsByClass[facts.id] = facts.codeSizes.length;
        fieldsByClass[facts.id] = facts.fields;
        ClassNode node = index().classes().get(facts.id);
        System.arraycopy(facts.codeSizes, 0, codeSizeByMethod, node.firstMethod(), facts.codeSizes.length);
        for (int i = 0; i < facts.calls.length; i += 2) {
            callsByMethod[facts.calls[i]] += facts.calls[i + 1];
        }
        for (int i = 0; i < facts.opcodes.length; i += 2) {
            byOpcode[facts.opcodes[i]] += facts.opcodes[i + 1];
        }
        for (int id : facts.mentions) {
            mentionsByClass[id]++;
        }
        for (int i = 0; i < facts.strings.length; i++) {
            strings.merge(facts.strings[i], (long) facts.stringCounts[i], Long::sum);
        }
        if (facts.verifyErrors.length > 0) {
            verifyErrors.put(facts.id, new ArrayList<>(List.of(facts.verifyErrors)));
        }
    }

    /**
     * Merges the findings over other classes.
     *
     * @param others over none of the classes that these are over
     * @return these findings
     */
    public Findings merge(Findings others) {
        classes += others.classes;
        unknownCalls += others.unknownCalls;
        dynamicCalls += others.dynamicCalls;
        add(callsByMethod, others.callsByMethod);
        add(byOpcode, others.byOpcode);
        add(codeSizeByMethod, others.codeSizeByMethod);
        add(mentionsByClass, others.mentionsByClass);
        add(methodsByClass, others.methodsByClass);
        add(fieldsByClass, others.fieldsByClass);
        add(depthByClass, others.depthByClass);
        others.strings.forEach((string, count) -> strings.merge(string, count, Long::sum));
        verifyErrors.putAll(others.verifyErrors);
        return this;
    }

    private static void add(long[] sums, long[] more) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more[i];
        }
    }

    private static void add(int[] sums, int[] more) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more[i];
        }
    }

    private ClassIndex index() {
        return Objects.requireNonNull(index, "these findings have travelled; merge them into others");
    }

    /** How many classes were merged. */
    public long classes() {
        return classes;
    }

    /** How many methods these classes declare. */
    public long methods() {
        return Arrays.stream(methodsByClass).asLongStream().sum();
    }

    /** How many instructions their code has. */
    public long instructions() {
        return Arrays.stream(byOpcode).sum();
    }

    /** How many calls could be traced to the method that they mean. */
    public long calls() {
        return Arrays.stream(callsByMethod).sum();
    }

    /** How many calls could not. */
    public long unknownCalls() {
        return unknownCalls;
    }

    /** How many call sites are linked at run time: lambdas, string concatenation, switches over patterns. */
    public long dynamicCalls() {
        return dynamicCalls;
    }

    /** What the verifier complained about. */
    public List<String> verifyErrors() {
        return verifyErrors.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(error -> className(entry.getKey()) + ": " + error))
                .toList();
    }

    /** The methods that are called from most places. */
    public List<Figure> mostCalled(int top) {
        return top(top, callsByMethod.length, i -> callsByMethod[i], index()::methodName);
    }

    /** The methods with the most code, in bytes. */
    public List<Figure> largestMethods(int top) {
        return top(top, codeSizeByMethod.length, i -> codeSizeByMethod[i], index()::methodName);
    }

    /** The classes with the most methods. */
    public List<Figure> mostMethods(int top) {
        return top(top, methodsByClass.length, i -> methodsByClass[i], this::className);
    }

    /** The classes with the most fields. */
    public List<Figure> mostFields(int top) {
        return top(top, fieldsByClass.length, i -> fieldsByClass[i], this::className);
    }

    /** The classes with the most classes above them. */
    public List<Figure> deepest(int top) {
        return top(top, depthByClass.length, i -> depthByClass[i], this::className);
    }

    /** The classes that most other classes mention. */
    public List<Figure> mostMentioned(int top) {
        return top(top, mentionsByClass.length, i -> mentionsByClass[i], this::className);
    }

    /** The opcodes that occur most often. */
    @SuppressWarnings("EnumOrdinal") // whoever wrote the facts ran the same JDK
    public List<Figure> opcodes(int top) {
        return top(top, byOpcode.length, i -> byOpcode[i],
                i -> Opcode.values()[i].name().toLowerCase(Locale.ROOT));
    }

    /** The short strings that are loaded in most places. */
    public List<Figure> strings(int top) {
        return strings.entrySet().stream().map(entry -> new Figure(entry.getKey(), entry.getValue()))
                .sorted(BY_VALUE).limit(top).toList();
    }

    private String className(int id) {
        return index().classes().get(id).toString();
    }

    private static final Comparator<Figure> BY_VALUE = Comparator.comparingLong(Figure::value).reversed()
            .thenComparing(Figure::name);

    /** A figure by number. */
    private interface Value {
        long of(int number);
    }

    private static List<Figure> top(int top, int count, Value value, IntFunction<String> name) {
        long[] values = IntStream.range(0, count).mapToLong(value::of).sorted().toArray();
        long least = count == 0 ? 0 : values[Math.clamp((long) count - top, 0, count - 1)];
        return IntStream.range(0, count).filter(i -> value.of(i) >= least && value.of(i) > 0)
                .mapToObj(i -> new Figure(name.apply(i), value.of(i))).sorted(BY_VALUE).limit(top).toList();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Findings that && index == that.index && classes == that.classes
                && unknownCalls == that.unknownCalls && dynamicCalls == that.dynamicCalls
                && Arrays.equals(callsByMethod, that.callsByMethod)
                && Arrays.equals(codeSizeByMethod, that.codeSizeByMethod)
                && Arrays.equals(mentionsByClass, that.mentionsByClass)
                && Arrays.equals(methodsByClass, that.methodsByClass)
                && Arrays.equals(fieldsByClass, that.fieldsByClass) && Arrays.equals(depthByClass, that.depthByClass)
                && Arrays.equals(byOpcode, that.byOpcode) && strings.equals(that.strings)
                && verifyErrors.equals(that.verifyErrors);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(callsByMethod) * 31 + strings.hashCode();
    }
}
