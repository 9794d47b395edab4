{{- define "correlator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 50 characters, so that suffixes fit into 63. */}}
{{- define "correlator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "correlator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "correlator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "correlator.labels" -}}
{{ include "correlator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "correlator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "correlator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Cluster roles know no namespaces, so two releases of one name must not meet. */}}
{{- define "correlator.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "correlator.fullname" .) }}
{{- end }}

{{- define "correlator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{/* The API of Kubernetes is asked unless the setting says off, which YAML reads as false. */}}
{{- define "correlator.asksKubernetes" -}}
{{- $mode := dig "kubernetes" "mode" "auto" .Values.config | toString }}
{{- if not (has $mode (list "off" "false" "kubeconfig")) }}true{{ end }}
{{- end }}

{{- define "correlator.writesEvents" -}}
{{- if and (include "correlator.asksKubernetes" .) (dig "sinks" "kubernetes_events" "enabled" false .Values.config) }}true{{ end }}
{{- end }}

{{- define "correlator.port" -}}
{{- dig "web" "listen" "0.0.0.0:9920" .Values.config | splitList ":" | last }}
{{- end }}

{{/* With a certificate of its own the daemon speaks TLS alone: probes, scrapes and Grafana have to as well. */}}
{{- define "correlator.scheme" -}}
{{- if dig "web" "certificate_file" "" .Values.config }}https{{ else }}http{{ end }}
{{- end }}

{{- define "correlator.url" -}}
{{ include "correlator.scheme" . }}://{{ include "correlator.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end }}

{{/* JSON is YAML, and the only way in which Helm writes large numbers as numbers. */}}
{{- define "correlator.settings" -}}
{{ toPrettyJson .Values.config }}
{{- end }}
