package io.cleave.cli.demo;

import io.cleave.pool.ProgressListener;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All classes of the running JDK on the heap, linked to each other. Every class and every method has a number in it, so
 * that results need not spell out names: whoever has the index, or a copy of it by fork, knows what a number means.
 */
public final class ClassIndex {
    /** The number of classes that any JDK has at least, so that a progress bar has something to go by. */
    private static final long ROUGHLY = 27_000;
    private static final int REPORT_EVERY = 100;

    private final List<ClassNode> classes;
    private final Map<String, ClassNode> byName = new HashMap<>();
    private final long byteSize;
    private final int methodCount;

    private ClassIndex(List<ClassNode> classes) {
        this.classes = List.copyOf(classes);
        long bytes = 0;
        int methods = 0;
        for (ClassNode node : classes) {
            byName.put(node.name(), node);
            bytes += node.size();
            methods += node.methodCount();
        }
        byteSize = bytes;
        methodCount = methods;
    }

    private void link(Map<ClassNode, ClassModel> models) {
        models.forEach((node, model) -> node.link(
                model.superclass().map(c -> byName.get(c.asInternalName())).orElse(null),
                model.interfaces().stream().map(c -> byName.get(c.asInternalName())).filter(c -> c != null).toList()));
    }

    /** Makes an index of what {@link #data} gave; it has no class files. */
    static ClassIndex of(IndexData data) {
        FileSystem jdk = FileSystems.getFileSystem(URI.create("jrt:/"));
        List<ClassNode> nodes = new ArrayList<>(data.names.length);
        int nextMethod = 0;
        for (int i = 0; i < data.names.length; i++) {
            nodes.add(new ClassNode(i, data.names[i], jdk.getPath(data.files[i]), new byte[0], data.isInterface[i],
                    nextMethod, data.methods[i]));
            nextMethod += data.methods[i].length;
        }
        for (int i = 0; i < data.names.length; i++) {
            int above = data.superclasses[i];
            nodes.get(i).link(above == IndexData.NONE ? null : nodes.get(above),
                    Arrays.stream(data.interfaces[i]).mapToObj(nodes::get).toList());
        }
        return new ClassIndex(nodes);
    }

    /** What another process needs to make the same index, but for the class files. */
    IndexData data() {
        IndexData data = new IndexData(classes.size());
        classes.forEach(node -> node.write(data));
        return data;
    }

    /**
     * Reads the classes of the JDK that this process runs on.
     *
     * @param progress hears how many classes have been read
     */
    public static ClassIndex load(ProgressListener progress) throws IOException {
        FileSystem jdk = FileSystems.getFileSystem(URI.create("jrt:/"));
        List<Path> files;
        try (Stream<Path> found = Files.walk(jdk.getPath("/modules"))) {
            files = found.filter(ClassIndex::isClass).sorted(Comparator.comparing(Path::toString)).toList();
        }
        List<ClassNode> nodes = new ArrayList<>(files.size());
        Map<ClassNode, ClassModel> models = new HashMap<>();
        int nextMethod = 0;
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            ClassModel model = ClassFile.of().parse(bytes);
            ClassNode node = node(nodes.size(), file, bytes, model, nextMethod);
            nextMethod += node.methodCount();
            nodes.add(node);
            models.put(node, model);
            if (nodes.size() % REPORT_EVERY == 0) {
                progress.onProgress(nodes.size(), Math.max(files.size(), ROUGHLY));
            }
        }
        ClassIndex index = new ClassIndex(nodes);
        index.link(models);
        return index;
    }

    private static boolean isClass(Path file) {
        String name = file.toString();
        return name.endsWith(".class") && !name.endsWith("module-info.class");
    }

    private static ClassNode node(int id, Path file, byte[] bytes, ClassModel model, int firstMethod) {
        String[] methods = model.methods().stream().map(ClassIndex::key).sorted().toArray(String[]::new);
        return new ClassNode(id, model.thisClass().asInternalName(), file, bytes,
                model.flags().has(AccessFlag.INTERFACE), firstMethod, methods);
    }

    /** A method's name and descriptor, such as {@code size()I}. */
    static String key(MethodModel method) {
        return method.methodName().stringValue() + method.methodType().stringValue();
    }

    /** All classes, by module and name; a class's place is its number. */
    public List<ClassNode> classes() {
        return classes;
    }

    /**
     * Some classes out of many, spread evenly over them.
     *
     * @param classes to choose from
     * @param limit how many at most
     */
    public static List<ClassNode> spread(List<ClassNode> classes, int limit) {
        int count = Math.min(limit, classes.size());
        List<ClassNode> chosen = new ArrayList<>(count);
        for (long i = 0; i < count; i++) {
            chosen.add(classes.get((int) (i * classes.size() / count)));
        }
        return chosen;
    }

    /** The class with an internal name, or null where the JDK has none such. */
    public @Nullable ClassNode find(String name) {
        return byName.get(name);
    }

    @Nullable ClassNode find(ClassDesc desc) {
        String descriptor = desc.descriptorString();
        return desc.isClassOrInterface() ? byName.get(descriptor.substring(1, descriptor.length() - 1)) : null;
    }

    /** How many bytes all class files have together. */
    public long byteSize() {
        return byteSize;
    }

    /** How many methods all classes have together; they are numbered from 0. */
    public int methodCount() {
        return methodCount;
    }

    /** How many modules the classes come from. */
    public long moduleCount() {
        return classes.stream().map(ClassNode::module).distinct().count();
    }

    /**
     * A method's name for people, such as {@code java.util.List.add(int, Object)}.
     *
     * @param number the method's number
     */
    public String methodName(int number) {
        ClassNode owner = owner(number);
        String method = owner.method(number);
        int bracket = method.indexOf('(');
        String parameters = MethodTypeDesc.ofDescriptor(method.substring(bracket)).parameterList().stream()
                .map(ClassDesc::displayName).collect(Collectors.joining(", "));
        return owner + "." + method.substring(0, bracket) + "(" + parameters + ")";
    }

    private ClassNode owner(int method) {
        int low = 0;
        int high = classes.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (classes.get(middle).firstMethod() <= method) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return classes.get(low);
    }
}
