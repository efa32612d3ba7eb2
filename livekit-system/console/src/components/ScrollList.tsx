/** Owns: a list that scrolls in itself when it is long, and can then be scrolled with the keyboard. */
import { type ComponentProps, useLayoutEffect, useRef, useState } from "react";

/** While the list is longer than the box that its class gives it, it takes the keyboard's focus. */
export function ScrollList(props: ComponentProps<"ol">) {
  const list = useRef<HTMLOListElement>(null);
  const [scrolls, setScrolls] = useState(false);

  useLayoutEffect(() => {
    const { scrollHeight = 0, clientHeight = 0 } = list.current ?? {};
    setScrolls(scrollHeight > clientHeight);
  });

  return <ol {...props} ref={list} tabIndex={scrolls ? 0 : undefined} />;
}
