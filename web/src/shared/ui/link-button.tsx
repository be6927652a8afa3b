import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, RefAttributes } from "react";

type AnchorButtonProps = ButtonProps &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> &
  RefAttributes<HTMLAnchorElement>;

/** A button that goes to another page: a link to the browser, so it can be opened in a new tab. */
export const LinkButton = createLink((props: AnchorButtonProps) => <Button component="a" {...props} />);
