package io.cleave.cli.demo;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.constant.ClassDesc;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The job: parses and verifies one class and gathers figures about it. It reads the whole index: the verifier asks it
 * which class extends which, and every call is traced to the method that it means.
 */
public final class ClassAnalysis {
    private final ClassIndex index;
    private final ClassFile reader;

    /**
     * Makes the job.
     *
     * @param index all classes there are
     */
    public ClassAnalysis(ClassIndex index) {
        this.index = index;
        reader = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(hierarchy(index)));
    }

    ClassIndex index() {
        return index;
    }

    private static ClassHierarchyResolver hierarchy(ClassIndex index) {
        return desc -> {
            ClassNode node = index.find(desc);
            return node == null ? null : info(node);
        };
    }

    private static ClassHierarchyInfo info(ClassNode node) {
        if (node.isInterface()) {
            return ClassHierarchyInfo.ofInterface();
        }
        ClassNode above = node.superclass();
        return ClassHierarchyInfo.ofClass(above == null ? null : ClassDesc.ofInternalName(above.name()));
    }

    /**
     * Analyses one class.
     *
     * @param node a class of the index
     */
    public ClassFacts analyse(ClassNode node) {
        return analyse(node, node.bytes());
    }

    /** Analyses one class whose bytes are not in the index. */
    ClassFacts analyse(ClassNode node, byte[] bytes) {
        ClassModel model = reader.parse(bytes);
        String[] errors = reader.verify(model).stream().map(error -> firstLine(error.getMessage()))
                .toArray(String[]::new);
        CodeCounts code = new CodeCounts(index, node, model);
        return new ClassFacts(node.id(), node.depth(), model.fields().size(), code, mentions(model), errors);
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "no message" : message.lines().findFirst().orElse("");
    }

    private int[] mentions(ClassModel model) {
        int[] ids = new int[model.constantPool().size()];
        int count = 0;
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof ClassEntry mentioned) {
                ClassNode node = index.find(mentioned.asInternalName());
                if (node != null) {
                    ids[count++] = node.id();
                }
            }
        }
        return Arrays.stream(ids, 0, count).distinct().sorted().toArray();
    }
}
